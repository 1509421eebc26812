/**
 * How values are written down: strict JSON, and nothing that is read back is ever turned into anything but data.
 *
 * Two encodings. `plain` is the JSON text of a JSON value; it is read with `JSON.parse` alone, so data that looks like
 * a serialized class (`{ lc: 1, type: 'constructor' }`, `lc: 2`, a `__proto__` key) stays that data. `enveloped` is for
 * what LangGraph itself puts beside user data and JSON has no word for: `undefined`, and instances of LangGraph's own
 * classes. In it a special node is `{ "$lg": [tag, payload] }`, and data with a key `$lg` is wrapped the same way, so
 * the two cannot be mistaken for each other. Instances are told by their class, never by the shape of plain data, and
 * come back in the form in which LangGraph reads them from any checkpointer: a delta snapshot as `DeltaSnapshot`, a
 * `Send`, `Overwrite` or `Command` as its plain wire form. Interrupts and errors are plain JSON already.
 *
 * Everything else that is not JSON (BigInt, function, symbol, class instance, NaN, cycle) is refused by `NotJsonError`
 * with the path of what is wrong.
 */
import { DeltaSnapshot, type SerializerProtocol } from '@langchain/langgraph-checkpoint'
import { StoreError } from '../foundation/errors.ts'
import { NotJsonError } from '../foundation/json.ts'

export const plain = 0
export const enveloped = 1
export type Encoding = typeof plain | typeof enveloped

/** A value as it is stored. */
export interface EncodedValue {
  readonly encoding: Encoding
  readonly text: string
}

type Path = readonly (string | number)[]

/** Deeper values would overflow stacks elsewhere. */
const maxDepth = 1000

const mark = '$lg'

/** Writes a value down. Throws `NotJsonError` naming the path, which starts with `at`. */
export function encodeValue(value: unknown, at: Path = []): EncodedValue {
  return survey(value, { path: [...at], above: [], onlyJson: false })
    ? { encoding: enveloped, text: JSON.stringify(wrap(value)) }
    : { encoding: plain, text: JSON.stringify(value) }
}

/** The JSON text of a value that has to be JSON, without `undefined` and without LangGraph's classes. Throws alike. */
export function jsonText(value: unknown, at: Path = []): string {
  survey(value, { path: [...at], above: [], onlyJson: true })
  return JSON.stringify(value)
}

/** Reads a value back; every call makes a new one. Throws `StoreError` (`store_corrupt`) when the text is not ours. */
export function decodeValue({ encoding, text }: EncodedValue): unknown {
  const value = parse(text)
  return encoding === plain ? value : unwrap(value)
}

/** The same, as LangGraph's serializer interface. */
export const strictSerializer: SerializerProtocol = {
  async dumpsTyped(value) {
    const { encoding, text } = encodeValue(value)
    return [typeNames[encoding], new TextEncoder().encode(text)]
  },
  async loadsTyped(type, data) {
    const encoding = typeNames.indexOf(type)
    if (encoding !== plain && encoding !== enveloped) throw corrupt(`a value of unknown type "${type}"`)
    return decodeValue({ encoding, text: typeof data === 'string' ? data : new TextDecoder().decode(data) })
  },
}

const typeNames = ['json', 'langgraph'] as [string, string]

/** Where a walk through a value stands; both lists are left as they were found. */
interface Walk {
  readonly path: (string | number)[]
  /** The objects on the way. */
  readonly above: object[]
  readonly onlyJson: boolean
}

const refuse = ({ path }: Walk, found: string) => new NotJsonError([...path], found)

/** Checks a value and says whether it needs the envelope. */
function survey(value: unknown, walk: Walk): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return false
    case 'number':
      if (!Number.isFinite(value)) throw refuse(walk, String(value))
      return false
    case 'undefined':
      if (walk.onlyJson) throw refuse(walk, 'undefined')
      return true
    case 'object':
      return value === null ? false : surveyObject(value, walk)
    default:
      throw refuse(walk, typeof value === 'bigint' ? 'a BigInt' : `a ${typeof value}`)
  }
}

function surveyObject(value: object, walk: Walk): boolean {
  if (walk.above.length >= maxDepth) throw refuse(walk, `more than ${maxDepth} levels`)
  if (walk.above.includes(value)) throw refuse(walk, 'a cycle')
  walk.above.push(value)
  const special = Array.isArray(value) ? surveyList(value, walk) : surveyMembers(value, walk)
  walk.above.pop()
  return special
}

function surveyList(list: readonly unknown[], walk: Walk): boolean {
  let special = false
  for (let i = 0; i < list.length; i++) {
    walk.path.push(i)
    if (list[i] === undefined && !(i in list)) throw refuse(walk, 'a hole in a list')
    special = survey(list[i], walk) || special
    walk.path.pop()
  }
  return special
}

function surveyMembers(value: object, walk: Walk): boolean {
  if (!isPlain(value)) return surveyInstance(value, walk)
  if (Object.getOwnPropertySymbols(value).length > 0) throw refuse(walk, 'a symbol key')
  let special = Object.hasOwn(value, mark)
  for (const key of Object.keys(value)) {
    walk.path.push(key)
    special = survey((value as Record<string, unknown>)[key], walk) || special
    walk.path.pop()
  }
  return special
}

function surveyInstance(value: object, walk: Walk): true {
  const record = controlRecord(value)
  if (!record || walk.onlyJson) throw refuse(walk, describeInstance(value))
  survey(record.payload, walk)
  return true
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

type Tag = 'undefined' | 'object' | 'delta_snapshot' | 'send' | 'overwrite' | 'command'

interface ControlRecord {
  readonly tag: Tag
  readonly payload: unknown
}

/** What LangGraph's own classes carry. They are known by `lg_name`, as LangGraph itself knows them. */
function controlRecord(value: object): ControlRecord | undefined {
  const it = value as Readonly<Record<string, unknown>>
  switch (it.lg_name) {
    case 'DeltaSnapshot':
      return { tag: 'delta_snapshot', payload: it.value }
    case 'Send':
      return { tag: 'send', payload: withoutUndefined({ node: it.node, args: it.args, timeout: it.timeout }) }
    case 'Overwrite':
      return { tag: 'overwrite', payload: it.value }
    case 'Command':
      return { tag: 'command', payload: withoutUndefined({ update: it.update, resume: it.resume, goto: it.goto }) }
    default:
      return undefined
  }
}

function describeInstance(value: object): string {
  const { constructor: made } = value as { constructor?: unknown }
  if (made === Object) return 'an object with a prototype of its own'
  return `a ${(typeof made === 'function' && made.name) || 'class'} instance`
}

const withoutUndefined = (value: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined))

/** The enveloped form of a surveyed value, ready for `JSON.stringify`. */
function wrap(value: unknown): unknown {
  if (value === undefined) return { [mark]: ['undefined' satisfies Tag] }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(wrap)
  if (!isPlain(value)) return wrapInstance(value)
  const members = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wrap(inner)]))
  return Object.hasOwn(value, mark) ? { [mark]: ['object' satisfies Tag, members] } : members
}

function wrapInstance(value: object): unknown {
  const record = controlRecord(value)
  return record && { [mark]: [record.tag, wrap(record.payload)] }
}

function unwrap(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(unwrap)
  if (!Object.hasOwn(value, mark)) return unwrapMembers(value)
  const node = (value as Record<string, unknown>)[mark]
  if (!Array.isArray(node)) throw corrupt('an envelope without a tag')
  return revive(node[0] as Tag, node[1])
}

// `Object.fromEntries` makes own properties, of `__proto__` too.
const unwrapMembers = (value: object) =>
  Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unwrap(inner)]))

function revive(tag: Tag, payload: unknown): unknown {
  switch (tag) {
    case 'undefined':
      return undefined
    case 'object':
      return unwrapMembers(payload as object)
    case 'delta_snapshot':
      return new DeltaSnapshot(unwrap(payload))
    case 'send':
      return unwrap(payload)
    case 'overwrite':
      return { __overwrite__: unwrap(payload) }
    case 'command':
      return { lg_name: 'Command', ...(unwrap(payload) as object) }
    default:
      throw corrupt(`an envelope with the unknown tag "${String(tag)}"`)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw corrupt('a value that is not JSON', cause)
  }
}

const corrupt = (what: string, cause?: unknown) =>
  new StoreError('store_corrupt', `The store holds ${what}.`, {
    cause,
    hint: 'The file was damaged or written by something else. Restore it from a backup, or use another store.',
  })
