/**
 * What an attempt was given, as a hash: its kind, its configuration and its environment once evaluated, and the source of
 * the function it names. Another hash means that running the stage again would give it something else.
 *
 * Secrets are named, never hashed: where an expression reads one, its source stands for what it gives.
 */
import { hash } from 'node:crypto'
import { isJsonObject, type Json, type JsonObject } from '../foundation/json.ts'
import type { Plan, StagePlan } from '../foundation/plan.ts'
import { sourcesOf, type Template } from '../foundation/template.ts'

/** Hex, 16 bytes. */
export type HashInput = (stage: StagePlan, given: HashedInput) => string

export interface HashedInput {
  /** As evaluated. */
  readonly config: Json
  /** As evaluated. */
  readonly env: JsonObject
  /** Evaluates a template without secrets in it. */
  readonly evaluate: (template: Template) => Json
}

/** Keeps the hashes of large values for as long as the values live: one per plan and stretch. */
export function createInputHash({ files }: Pick<Plan, 'files'>): HashInput {
  const reduce = createReducer()
  const hashOf = rememberLast(short)
  return ({ kind, config, env }, given) => {
    const parts = [kind, reduce(readsSecrets(config) ? hidden(config, given.evaluate) : given.config)]
    if (env) parts.push(reduce(Object.values(env).some(readsSecrets) ? hiddenEnv(env, given) : given.env))
    const source = sourceOf(files, given.config)
    if (source !== undefined) parts.push('source', source)
    return hashOf(parts.join('\n')) // no part has a line break in it
  }
}

const short = (text: string): string => hash('sha256', text, 'hex').slice(0, 32)

/** Stages that are given the same often stand one behind the other. */
function rememberLast(make: (text: string) => string): (text: string) => string {
  let last: string | undefined
  let made = ''
  return (text) => {
    if (text === last) return made
    made = make(text)
    last = text
    return made
  }
}

/** The digest of the file whose export is named, for configurations that name one. */
function sourceOf(files: Plan['files'], config: Json): string | undefined {
  const uses = isJsonObject(config) ? config.uses : undefined
  if (typeof uses !== 'string' || !uses.includes('#')) return undefined
  const file = uses.slice(0, uses.indexOf('#'))
  return Object.hasOwn(files, file) ? files[file] : undefined
}

/** Errs on the safe side: a text that only looks like it counts, too. */
const readsSecrets = (template: Template): boolean =>
  template.kind !== 'literal' && sourcesOf(template).some((source) => /\bsecrets\b/.test(source))

const hiddenEnv = (env: Readonly<Record<string, Template>>, { evaluate }: HashedInput): Json =>
  Object.fromEntries(Object.entries(env).map(([name, template]) => [name, hidden(template, evaluate)]))

/** The value, with the sources of what reads secrets in their places. */
function hidden(template: Template, evaluate: HashedInput['evaluate']): Json {
  if (!readsSecrets(template)) return evaluate(template)
  switch (template.kind) {
    case 'literal':
      return template.value
    case 'expression':
      return { secret: template.source }
    case 'text':
      return template.parts.map((part) =>
        typeof part === 'string' ? part : hidden({ kind: 'expression', source: part.source }, evaluate),
      )
    case 'list':
      return template.items.map((item) => hidden(item, evaluate))
    case 'map':
      return Object.fromEntries(template.entries.map(([key, inner]) => [key, hidden(inner, evaluate)]))
  }
}

/** Longer texts are stood for by their hash. */
const longText = 512
/** Long texts whose hash is kept: those of a run come again and again. */
const keptTexts = 16

/**
 * One line per value: its canonical JSON, with the hash of what is long in its place, so that a value is the same line
 * wherever it stands, and a large frozen one is read once.
 */
function createReducer(): (value: Json) => string {
  const ofObjects = new WeakMap<object, string>()
  const ofTexts = new Map<string, string>()

  function reduced(value: Json): string {
    if (typeof value === 'string') return value.length > longText ? ofText(value) : JSON.stringify(value)
    if (typeof value !== 'object' || value === null) return JSON.stringify(value)
    const known = ofObjects.get(value)
    if (known !== undefined) return known
    const line = isJsonObject(value) ? ofMap(value) : ofList(value)
    if (line.length <= longText) return line
    const made = `#${short(line)}`
    if (Object.isFrozen(value)) ofObjects.set(value, made)
    return made
  }

  function ofMap(map: JsonObject): string {
    let line = '{'
    for (const key of sortedKeys(map)) line += `${JSON.stringify(key)}:${reduced(map[key] as Json)},`
    return `${line}}`
  }

  function ofList(list: readonly Json[]): string {
    let line = '['
    for (const item of list) line += `${reduced(item)},`
    return `${line}]`
  }

  function ofText(text: string): string {
    const known = ofTexts.get(text)
    if (known !== undefined) return known
    const made = `"${short(text)}`
    if (ofTexts.size >= keptTexts) ofTexts.delete(ofTexts.keys().next().value as string)
    ofTexts.set(text, made)
    return made
  }

  return reduced
}

function sortedKeys(map: JsonObject): string[] {
  const keys = Object.keys(map)
  for (let index = 1; index < keys.length; index++) {
    if ((keys[index - 1] as string) > (keys[index] as string)) return keys.sort()
  }
  return keys
}
