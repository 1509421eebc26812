/**
 * Every function of the expression language, in one table: the checker, the evaluator and the reference read it.
 */
import type { FunctionDoc, FunctionForm, FunctionSpec } from './functions/define.ts'
import { listFunctions } from './functions/lists.ts'
import { mapFunctions } from './functions/maps.ts'
import { numberFunctions } from './functions/numbers.ts'
import { optionalFunctions } from './functions/optionals.ts'
import { valueFunctions } from './functions/plain-values.ts'
import { textFunctions } from './functions/text.ts'
import { timeFunctions } from './functions/time.ts'
import { macroDocs } from './macros.ts'
import { describeKinds } from './values.ts'

const all: readonly FunctionSpec[] = [
  ...numberFunctions,
  ...textFunctions,
  ...listFunctions,
  ...mapFunctions,
  ...valueFunctions,
  ...timeFunctions,
  ...optionalFunctions,
]

const table = (form: FunctionForm): ReadonlyMap<string, FunctionSpec> =>
  new Map(all.filter((spec) => spec.form === form).map((spec) => [spec.name, spec]))

/** Free-standing functions by name. */
export const functions: ReadonlyMap<string, FunctionSpec> = table('function')
/** Methods by name. */
export const methods: ReadonlyMap<string, FunctionSpec> = table('method')

const parameterNames = ({ params }: FunctionSpec): readonly string[] =>
  params.map(({ name, may }) => (may === 'optional' ? `${name}?` : may === 'rest' ? `${name}…` : name))

export function signatureOf(spec: FunctionSpec): string {
  const [first, ...others] = parameterNames(spec)
  return spec.form === 'method'
    ? `${first}.${spec.name}(${others.join(', ')})`
    : `${spec.name}(${parameterNames(spec).join(', ')})`
}

/** Whether a function takes so many arguments. */
export function fitsCount({ params }: FunctionSpec, count: number): boolean {
  const least = params.filter(({ may }) => may === undefined).length
  return count >= least && (count <= params.length || params.at(-1)?.may === 'rest')
}

/** What each parameter takes, for messages: `start: a number`. */
export const parameterText = (spec: FunctionSpec, at: number): string =>
  describeKinds(spec.params[Math.min(at, spec.params.length - 1)]?.kinds ?? 0)

/** Every function and macro with its signature, one line and an executed example, for the generated reference. */
export const functionDocs: readonly FunctionDoc[] = [
  ...all.map((spec) => ({
    name: spec.name,
    form: spec.form,
    group: spec.group,
    signature: signatureOf(spec),
    doc: spec.doc,
    example: spec.example,
    result: spec.result,
  })),
  ...macroDocs,
]
