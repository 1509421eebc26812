/**
 * YAML nodes → JSON, once over the tree: scalars get their values, aliases and `<<` are resolved, and what YAML allows
 * but a pipeline does not is reported (duplicate and forbidden keys, tags, cycles, too large expansions, numbers that
 * change).
 *
 * Objects that an alias stands for are shared, not copied.
 */
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import { diagnostics } from '../../foundation/diagnostics.ts'
import { forbiddenKeys, type Json, type JsonObject } from '../../foundation/json.ts'
import type { Source } from '../../foundation/source.ts'
import { suggest } from '../../foundation/suggest.ts'
import { hasTemplate } from '../spec/templates.ts'
import { decodeScalar } from './decode.ts'
import { type Mask, touches } from './mask.ts'
import { quoted } from './quote.ts'
import { limits } from './read.ts'
import { plainValue } from './scalar.ts'

export interface Tree {
  readonly value: Json
  readonly diagnostics: readonly Diagnostic[]
  /** Something here may be a trap that only the text shows: the trap scan should look. */
  readonly suspicious: boolean
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<Alias, ParsedNode>
}

interface Anchored {
  readonly node: ParsedNode
  /** Undefined while the value is being read: an alias to it now is a cycle. */
  value: Json | undefined
  /** Values in it with aliases written out, and how many of them aliases brought in. */
  size: number
  viaAliases: number
}

export function readTree(contents: ParsedNode | null, source: Source, masks: readonly Mask[]): Tree {
  const found: Diagnostic[] = []
  const report = (make: () => Diagnostic): void => {
    if (found.length < limits.faults) found.push(make())
  }
  const anchors = new Map<string, Anchored>()
  const targets = new Map<Alias, ParsedNode>()
  let suspicious = false
  /** Values read so far, with aliases written out; those that came by aliases. */
  let size = 0
  let viaAliases = 0
  /** What aliases outside of `x-*` cost: values, and values that come through aliases of aliases. */
  const charged = { values: 0, nested: 0 }
  let exploded = false
  /** Inside of an `x-*` key: nobody reads it. */
  let free = false
  let depth = 0
  let inStages = false

  const spanOf = (node: ParsedNode) => source.span(node.range[0], node.range[1])

  function read(node: ParsedNode | null, merging = false): Json {
    size++
    if (node === null) return null
    if (isAlias(node)) return alias(node, merging)
    if (node.tag) tagged(node)
    if (!node.anchor) return contentOf(node, merging)
    const anchored: Anchored = { node, value: undefined, size: 0, viaAliases: 0 }
    const before = { size, viaAliases }
    anchors.set(node.anchor, anchored)
    const value = contentOf(node, merging)
    anchored.value = value
    anchored.size = size - before.size + 1
    anchored.viaAliases = viaAliases - before.viaAliases
    return value
  }

  function contentOf(node: Exclude<ParsedNode, Alias.Parsed>, merging: boolean): Json {
    if (isScalar(node)) return scalar(node)
    depth++
    const value = isMap(node)
      ? map(node)
      : isSeq(node)
        ? node.items.map((item) => read(item as ParsedNode, merging))
        : null
    depth--
    return value
  }

  function scalar(node: Scalar.Parsed): Json {
    const { type, range, comment } = node
    const text = node.value as unknown as string
    if (comment && (comment.includes('${{') || text.includes('${{'))) suspicious = true
    if (type === 'PLAIN') {
      if (masks.length > 0 && touches(masks, range[0], range[1])) {
        return decodeScalar(source.text, 'PLAIN', range[0], range[1], '').value
      }
      const { value, changed } = plainValue(text)
      if (!changed) return value
      report(() => diagnostics.number_for_text(spanOf(node), text, readAs(text), quoted(text)))
      return text
    }
    if (type === 'QUOTE_DOUBLE' && !text.isWellFormed()) {
      report(() => diagnostics.yaml_syntax(spanOf(node), 'An escape in this text makes half a character.', undefined))
      return text.toWellFormed()
    }
    return text
  }

  function map(node: YAMLMap.Parsed): Json {
    const made: Record<string, Json> = {}
    const merges: Pair[] = []
    const keys = new Map<string, ParsedNode>()
    for (const pair of node.items) {
      const key = keyOf(pair.key as ParsedNode, pair)
      if (key === undefined) continue
      if (key === '<<' && (pair.key as Scalar).type === 'PLAIN') merges.push(pair)
      else add(made, key, pair, keys)
    }
    for (const pair of merges) merge(made, pair)
    return made
  }

  /** `keys`: where each key stood first. */
  function add(made: Record<string, Json>, key: string, pair: Pair, keys: Map<string, ParsedNode>): void {
    const keySpan = () => spanOf(pair.key as ParsedNode)
    if (depth === 1) inStages = key === 'stages'
    const wasFree = free
    free ||= key.startsWith('x-') && (depth === 1 || (depth === 3 && inStages))
    const value = read(pair.value as ParsedNode | null)
    free = wasFree
    if (forbiddenKeys.has(key)) report(() => diagnostics.forbidden_key(keySpan(), key))
    else if (keys.has(key)) report(() => diagnostics.duplicate_key(keySpan(), key, spanOf(keys.get(key) as ParsedNode)))
    else {
      keys.set(key, pair.key as ParsedNode)
      made[key] = value
    }
  }

  /** The key as text; undefined when it is none (reported). */
  function keyOf(key: ParsedNode, pair: Pair): string | undefined {
    if (isScalar(key)) {
      const text = String(key.value)
      if (key.tag) tagged(key)
      if (text.includes('${{')) templateKey(key, text)
      if (!pair.value && text.includes(')')) suspicious = true
      return masks.length > 0 && key.type === 'PLAIN' && touches(masks, key.range[0], key.range[1])
        ? source.text.slice(key.range[0], key.range[1])
        : text
    }
    suspicious = true
    report(() => diagnostics.yaml_syntax(spanOf(key), 'A key is a text; a list, map or alias stands here.', undefined))
    read(pair.value as ParsedNode | null)
    return undefined
  }

  function templateKey(key: Scalar.Parsed, text: string): void {
    suspicious = true
    if (!free && hasTemplate(text)) report(() => diagnostics.template_key(spanOf(key), text))
  }

  function alias(node: Alias.Parsed, merging: boolean): Json {
    const anchored = anchors.get(node.source)
    if (!anchored) {
      suspicious = true
      const near = () => suggest(node.source, [...anchors.keys()].slice(-1_000))
      report(() => diagnostics.unknown_alias(spanOf(node), node.source, near(), quoted(`*${node.source}`)))
      return null
    }
    if (anchored.value === undefined) {
      report(() => diagnostics.alias_cycle(spanOf(node), node.source))
      return null
    }
    targets.set(node, anchored.node)
    size += anchored.size
    viaAliases += anchored.size
    if (free && !merging) return anchored.value
    charged.values += anchored.size
    charged.nested += anchored.viaAliases
    if (charged.nested <= limits.nestedAliasValues && charged.values <= limits.nodes) return anchored.value
    if (!exploded) {
      const limit = charged.nested > limits.nestedAliasValues ? limits.nestedAliasValues : limits.nodes
      report(() => diagnostics.too_many_aliases(spanOf(node), limit))
    }
    exploded = true
    return null
  }

  function merge(made: Record<string, Json>, pair: Pair): void {
    const value = read(pair.value as ParsedNode | null, true)
    const sources = Array.isArray(value) ? value : [value]
    for (const each of sources) {
      if (typeof each !== 'object' || each === null || Array.isArray(each)) {
        const span = spanOf((pair.value ?? pair.key) as ParsedNode)
        if (each !== null || !isAlias(pair.value)) {
          report(() => diagnostics.wrong_type(span, '"<<"', 'a map, or an alias of one', 'something else', undefined))
        }
        return
      }
      for (const [key, inner] of Object.entries(each as JsonObject)) if (!Object.hasOwn(made, key)) made[key] = inner
    }
  }

  function tagged(node: Exclude<ParsedNode, Alias.Parsed>): void {
    suspicious = true
    report(() => {
      const [start, end] = tagBefore(source.text, node.range[0])
      return diagnostics.yaml_tag(source.span(start, end), source.text.slice(start, end), 'the value without the tag')
    })
  }

  const value = read(contents)
  return { value, diagnostics: found, suspicious, targets }
}

/** Where the tag of the value that starts at `offset` stands. */
function tagBefore(text: string, offset: number): [number, number] {
  let end = offset
  while (end > 0 && /\s/.test(text[end - 1] as string)) end--
  const bang = Math.max(0, text.lastIndexOf('!', end - 1))
  return [text[bang - 1] === '!' ? bang - 1 : bang, end]
}

function readAs(text: string): string {
  if (/nan/i.test(text)) return 'NaN'
  const value = Number(text)
  return Number.isFinite(value) ? String(value) : 'Infinity'
}
