/**
 * Where things stand: paths → nodes → spans. Nothing is computed until somebody asks, and then only along the path.
 */
import { type Alias, isAlias, isMap, isScalar, isSeq, type Pair, type ParsedNode, type YAMLMap } from 'yaml'
import type { Source, Span } from '../../foundation/source.ts'
import type { Path } from '../parsed.ts'
import { decodeScalar, type ScalarStyle } from './decode.ts'
import type { Decoded } from './decoded.ts'

export interface Places {
  readonly spanOf: (path: Path) => Span
  readonly keySpanOf: (path: Path) => Span
  readonly spanIn: (path: Path, start: number, end: number) => Span
  /** The first key of the map at `path`; where there is none, the map. */
  readonly firstKeySpanOf: (path: Path) => Span
  /** The scalar at `path` as it is written, quotes included; undefined when no scalar stands there. */
  readonly writtenAt: (path: Path) => string | undefined
}

interface Found {
  /** The value, aliases not yet followed. */
  readonly node: ParsedNode | null
  readonly key: ParsedNode | undefined
  /** How many steps of the path exist. */
  readonly steps: number
}

export function createPlaces(
  contents: ParsedNode | null,
  source: Source,
  targets: ReadonlyMap<Alias, ParsedNode>,
): Places {
  const indexes = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>()
  let lastDecoded: { readonly node: ParsedNode; readonly decoded: Decoded } | undefined

  const follow = (node: ParsedNode | null): ParsedNode | null => {
    let at = node
    while (at && isAlias(at)) at = targets.get(at) ?? null
    return at
  }

  function pairOf(map: YAMLMap, key: string): Pair | undefined {
    let index = indexes.get(map)
    if (!index) {
      index = indexPairs(map)
      indexes.set(map, index)
    }
    return index.get(key) ?? mergedPair(index.get('<<'), key)
  }

  function indexPairs(map: YAMLMap): ReadonlyMap<string, Pair> {
    const pairs = new Map<string, Pair>()
    for (const pair of map.items) {
      if (!isScalar(pair.key)) continue
      const [start, end] = (pair.key as ParsedNode).range
      const key = pair.key.type === 'PLAIN' ? source.text.slice(start, end) : String(pair.key.value)
      if (!pairs.has(key)) pairs.set(key, pair)
    }
    return pairs
  }

  function mergedPair(merge: Pair | undefined, key: string): Pair | undefined {
    const from = follow((merge?.value as ParsedNode | undefined) ?? null)
    const maps = isSeq(from) ? from.items.map((item) => follow(item as ParsedNode)) : [from]
    for (const map of maps) {
      const pair = isMap(map) ? pairOf(map, key) : undefined
      if (pair) return pair
    }
    return undefined
  }

  function find(path: Path): Found {
    let node = contents
    let key: ParsedNode | undefined
    for (const [index, step] of path.entries()) {
      const inside = follow(node)
      if (isMap(inside) && typeof step === 'string') {
        const pair = pairOf(inside, step)
        if (!pair) return { node, key, steps: index }
        key = pair.key as ParsedNode
        node = pair.value as ParsedNode | null
      } else if (isSeq(inside) && typeof step === 'number' && step < inside.items.length) {
        node = inside.items[step] as ParsedNode
        key = undefined
      } else return { node, key, steps: index }
    }
    return { node, key, steps: path.length }
  }

  function spanOfFound({ node, key }: Found): Span {
    if (node && node.range[1] > node.range[0]) return spanOfNode(node)
    return spanOfNode(key ?? node ?? contents)
  }

  function spanOfNode(node: ParsedNode | null): Span {
    if (!node) return source.span(0, 0)
    const [start, end] = node.range
    const bounded = source.text.slice(start, end).trimEnd().length
    return source.span(start, start + Math.max(bounded, 0))
  }

  function decode(node: ParsedNode): Decoded | undefined {
    if (!isScalar(node)) return undefined
    if (lastDecoded?.node === node) return lastDecoded.decoded
    const [start, end] = node.range
    const style = (node.type ?? 'PLAIN') as ScalarStyle
    const decoded = decodeScalar(source.text, style, start, end, String(node.value))
    lastDecoded = { node, decoded }
    return decoded
  }

  return {
    spanOf: (path) => spanOfFound(find(path)),
    keySpanOf(path) {
      const found = find(path)
      return found.steps === path.length && found.key ? spanOfNode(found.key) : spanOfFound(found)
    },
    spanIn(path, start, end) {
      const found = find(path)
      const node = follow(found.node)
      const decoded = node && found.steps === path.length ? decode(node) : undefined
      if (!node || !decoded || decoded.starts.length === 0) return spanOfFound(found)
      return source.span(...bounds(decoded, start, end))
    },
    firstKeySpanOf(path) {
      const found = find(path)
      const key = isMap(found.node) ? found.node.items[0]?.key : undefined
      return key ? spanOfNode(key as ParsedNode) : spanOfFound(found)
    },
    writtenAt(path) {
      const node = follow(find(path).node)
      return isScalar(node) ? source.text.slice(node.range[0], node.range[1]) : undefined
    },
  }
}

/** Source offsets of `[start, end)` of a value; an empty stretch stands before its first unit. */
function bounds({ starts, ends }: Decoded, start: number, end: number): [number, number] {
  const last = starts.length - 1
  const from = start <= last ? (starts[Math.max(0, start)] as number) : (ends[last] as number)
  if (end <= start) return [from, from]
  return [from, Math.max(from, ends[Math.min(end - 1, last)] as number)]
}
