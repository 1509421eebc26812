/**
 * The validator for what the walker does not know: Ajv, strict, with linear patterns, loaded and compiled on first use.
 *
 * Ajv generates code from schemas; that is the one exception to "data is never code" (docs/adr/0007). The keywords and
 * their values were checked before, the size is capped, and no text of a schema becomes code unquoted.
 */
import { createRequire } from 'node:module'
import type { ErrorObject } from 'ajv/dist/2020.js'
import { compilePattern } from '../expression/functions/patterns.ts'
import type { Json } from '../json.ts'
import type { JsonSchema } from '../plan.ts'
import { equalityKeywords } from './equality-keywords.ts'
import type { Problem } from './problem.ts'

/** Both are CommonJS; loaded when the first schema asks for them, since most pipelines never do. */
function loadAjv() {
  const load = createRequire(import.meta.url)
  const { Ajv2020 } = load('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js')
  const addFormats = load('ajv-formats') as typeof import('ajv-formats').default
  return { Ajv2020, addFormats }
}

export type Check = (value: Json) => readonly Problem[]

/** Compiles schemas; throws when Ajv refuses one. */
export function createAjvCompiler(): (schema: JsonSchema) => Check {
  const { Ajv2020, addFormats } = loadAjv()
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allowMatchingProperties: true,
    coerceTypes: false,
    ownProperties: true,
    validateSchema: false, // `keywords.ts` did; compiling the meta-schema takes longer than everything else here
    code: { regExp: linearPattern },
  })
  // Nothing here asks what was evaluated, and keeping track of it breaks on patternProperties beside a nested oneOf.
  ajv.opts.unevaluated = false
  addFormats(ajv)
  for (const each of equalityKeywords) ajv.removeKeyword(each.keyword as string).addKeyword(each)
  return (schema) => {
    const validate = ajv.compile(schema === true ? {} : schema)
    return (value) => (validate(value) ? [] : (validate.errors ?? []).filter(isOwn).map(problemOf))
  }
}

/**
 * Ajv asks for a RegExp; it uses nothing of it but `test`, and `toString` as the name under which it keeps the pattern:
 * without one of its own every pattern would be the first. `code` would only be read for standalone modules.
 */
const linearPattern = Object.assign(
  (source: string) => ({ ...compilePattern(source), toString: () => source }) as unknown as RegExp,
  { code: 'pattern' },
)

/** `must match "then" schema` says nothing that the schema's own errors do not. */
const isOwn = ({ keyword }: ErrorObject): boolean => keyword !== 'if'

function problemOf({ instancePath, message = 'is not valid', keyword, params }: ErrorObject): Problem {
  const path = instancePath.split('/').slice(1).map(unescapePointer)
  const name = keyword === 'additionalProperties' ? `: "${params.additionalProperty}"` : ''
  const choices =
    keyword === 'enum' ? `: ${(params.allowedValues as unknown[]).map((each) => JSON.stringify(each)).join(', ')}` : ''
  return { path, message: `${message}${name}${choices}` }
}

function unescapePointer(part: string): string | number {
  const text = part.replaceAll('~1', '/').replaceAll('~0', '~')
  return /^\d+$/.test(text) ? Number(text) : text
}
