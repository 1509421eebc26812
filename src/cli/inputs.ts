/**
 * Inputs as the command line gives them: `-i name=value`, `-i name=@file`, `--input-file`.
 *
 * The declared schema decides how a value is read: text stays text where text is wanted, elsewhere it is JSON. All
 * problems are found before anything has an effect.
 */
import { InputError, type InputProblem } from '../foundation/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../foundation/json.ts'
import type { InputPlan, JsonSchema, Plan } from '../foundation/plan.ts'
import { didYouMean } from '../foundation/suggest.ts'
import { allowedTypes, describeSchema, typeOf } from './schema-words.ts'

export interface InputSources {
  /** `name=value` texts, in order; later ones win. */
  readonly assignments: readonly string[]
  /** The text of `--input-file`. */
  readonly file?: string
}

/** What is wrong with a value for a schema, as a sentence; undefined when it fits. */
export type CheckValue = (schema: JsonSchema, value: Json) => string | undefined

/** The inputs that were given. Throws InputError with every problem; what is missing is not one here. */
export function readInputs(
  declared: Plan['inputs'],
  sources: InputSources,
  readFile: (path: string) => string,
  check: CheckValue,
): JsonObject {
  const problems: InputProblem[] = []
  const values = new Map<string, Json>()
  const attempt = (name: string, read: () => Json) => {
    try {
      values.set(name, read())
    } catch (error) {
      if (!(error instanceof BadInput)) throw error
      problems.push({ name, message: error.message })
    }
  }

  for (const [name, value] of fileEntries(sources.file, problems)) {
    attempt(name, () => checked(value, declaredInput(declared, name), check))
  }
  for (const assignment of sources.assignments) {
    const [name, text] = splitAssignment(assignment)
    attempt(name, () => {
      const input = declaredInput(declared, name)
      if (text === undefined) throw new BadInput('has no value: write name=value')
      return checked(parseValue(input.schema, contentOf(text, readFile)), input, check)
    })
  }
  if (problems.length > 0) throw refusal(problems)
  return Object.fromEntries(values)
}

/** Names of declared inputs that have neither a value nor a default. */
export const missingInputs = (declared: Plan['inputs'], given: JsonObject): string[] =>
  Object.entries(declared)
    .filter(([name, input]) => input.required && !Object.hasOwn(given, name))
    .map(([name]) => name)

/** The error that lists the missing inputs with what each is for. */
export function missingRefusal(declared: Plan['inputs'], names: readonly string[]): InputError {
  const problems = names.map((name) => {
    const input = declared[name] as InputPlan
    const about = input.description ? ` (${input.description})` : ''
    return { name, message: `is required, ${describeSchema(input.schema)}${about}` }
  })
  const example = names.map((name) => `-i ${name}=…`).join(' ')
  return refusal(problems, `Give it on the command line: ${example}`)
}

/** Reads one value as its schema wants it. Throws BadInput when it cannot be read. */
export function parseValue(schema: JsonSchema, text: string): Json {
  const types = allowedTypes(schema)
  const parsed = parseJson(text)
  if (!types.has('string')) {
    if (parsed === undefined) throw new BadInput(`"${shorten(text)}" is not ${describeSchema(schema)}`)
    return parsed
  }
  if (parsed === undefined) return text
  const type = typeOf(parsed)
  const wantsJson =
    type === 'string' ? [...types].some((each) => each !== 'string' && each !== 'null') : types.has(type)
  return wantsJson ? parsed : text
}

/** A value that cannot be taken; the message follows the input's name. */
export class BadInput extends Error {
  override readonly name = 'BadInput'
}

export function checked(value: Json, input: InputPlan, check: CheckValue): Json {
  const wrong = check(input.schema, value)
  if (wrong !== undefined) throw new BadInput(wrong)
  return value
}

function fileEntries(text: string | undefined, problems: InputProblem[]): [string, Json][] {
  if (text === undefined) return []
  const value = parseJson(text)
  if (isJsonObject(value)) return Object.entries(value)
  const message = value === undefined ? 'is not JSON' : `must hold a JSON object, and this is ${typeOf(value)}`
  problems.push({ name: '--input-file', message })
  return []
}

function declaredInput(declared: Plan['inputs'], name: string): InputPlan {
  if (Object.hasOwn(declared, name)) return declared[name] as InputPlan
  const names = Object.keys(declared)
  const known = names.length > 0 ? `It declares: ${names.join(', ')}.` : 'It declares no inputs.'
  throw new BadInput(`is not an input of this pipeline. ${didYouMean(name, names) ?? known}`)
}

/** `name=value`; without a value when there is no `=`. */
export function splitAssignment(assignment: string): [name: string, text: string | undefined] {
  const at = assignment.indexOf('=')
  return at === -1 ? [assignment, undefined] : [assignment.slice(0, at), assignment.slice(at + 1)]
}

/** `@path` is the text of a file; `@@x` is the text `@x`. */
export function contentOf(text: string, readFile: (path: string) => string): string {
  if (!text.startsWith('@')) return text
  if (text.startsWith('@@')) return text.slice(1)
  try {
    return readFile(text.slice(1))
  } catch (error) {
    throw new BadInput(`could not be read from "${text.slice(1)}": ${(error as Error).message}`)
  }
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)

const refusal = (problems: readonly InputProblem[], hint?: string): InputError =>
  new InputError(
    problems.length === 1 ? 'An input is wrong; nothing was run.' : 'Inputs are wrong; nothing was run.',
    problems,
    hint,
  )
