/** Documents changed as trees and written anew: still YAML, so that what comes after the YAML gets something to do. */
import { isJsonObject, type Json } from '../../src/foundation/json.ts'
import { randomExpression } from './expressions.ts'
import { few, pick, type Random, times, upTo } from './random.ts'
import { randomSchema } from './schemas.ts'
import { namesIn } from './text-edits.ts'
import { keys, scalars } from './words.ts'

/** The tree changed in a few places; `pool` is where foreign parts come from. */
export function editTree(random: Random, tree: Json, pool: readonly Json[]): Json {
  let edited = tree
  for (let i = few(random, 4); i > 0; i--) edited = editAt(random, edited, pool)
  return edited
}

/** Goes down a random way and changes what it ends at. */
function editAt(random: Random, node: Json, pool: readonly Json[]): Json {
  if (Array.isArray(node)) {
    if (node.length === 0 || random() < 0.15) return editList(random, node, pool)
    const at = upTo(random, node.length)
    return node.map((item, index) => (index === at ? editAt(random, item, pool) : item))
  }
  if (isJsonObject(node)) {
    const entries = Object.entries(node)
    if (entries.length === 0 || random() < 0.15) return editMap(random, entries, pool)
    const at = upTo(random, entries.length)
    return Object.fromEntries(entries.map(([key, inner], i) => [key, i === at ? editAt(random, inner, pool) : inner]))
  }
  return otherValue(random, node, pool)
}

function otherValue(random: Random, old: Json, pool: readonly Json[]): Json {
  switch (upTo(random, 5)) {
    case 0:
      return pick(random, scalars) as Json
    case 1:
      return pick(random, pool)
    case 2:
      return randomSchema(random, 2)
    case 3:
      return [old, old]
    default:
      return template(random, typeof old === 'string' ? old : '')
  }
}

function template(random: Random, old: string): string {
  const made = randomExpression(random, namesIn(old), 3)
  if (random() < 0.3) return made
  return random() < 0.7 ? `\${{ ${made} }}` : `${old} \${{ ${made} }} and \${{ ${made} }}`
}

function editList(random: Random, list: readonly Json[], pool: readonly Json[]): Json {
  const at = upTo(random, list.length + 1)
  switch (upTo(random, 4)) {
    case 0:
      return list.toSpliced(at, 1)
    case 1:
      return list.toSpliced(at, 0, list[upTo(random, list.length)] ?? null)
    case 2:
      return list.toReversed()
    default:
      return list.toSpliced(at, 0, pick(random, pool))
  }
}

function editMap(random: Random, entries: readonly (readonly [string, Json])[], pool: readonly Json[]): Json {
  const at = upTo(random, entries.length)
  const [key, value] = entries[at] ?? ['a', null]
  switch (upTo(random, 4)) {
    case 0:
      return Object.fromEntries(entries.toSpliced(at, 1))
    case 1:
      return Object.fromEntries(entries.toSpliced(at, 1, [pick(random, keys), value]))
    case 2:
      return Object.fromEntries([...entries, [pick(random, keys), pick(random, pool)]])
    default:
      return Object.fromEntries([...entries, [random() < 0.5 ? `${key}?` : `${key}_2`, value]])
  }
}

/** Every part of the trees: what can be put in somewhere else. */
export function partsOf(trees: readonly Json[]): readonly Json[] {
  const parts: Json[] = []
  const visit = (node: Json): void => {
    parts.push(node)
    if (Array.isArray(node)) node.forEach(visit)
    else if (isJsonObject(node)) Object.values(node).forEach(visit)
  }
  trees.forEach(visit)
  return parts
}

/** Deep and wide documents: what limits are for. */
export function largeTree(random: Random): Json {
  const n = few(random, 60)
  const stage = (index: number): Json => ({
    id: `s${index}`,
    ...(random() < 0.7 && { needs: index === 0 ? [] : times(few(random, 4), () => `s${upTo(random, index)}`) }),
    ...(random() < 0.3 && { join: pick(random, ['all_succeeded', 'any_succeeded', 'all_done', 'none_failed']) }),
    ...(random() < 0.3 && { if: `stages.s${upTo(random, index + 1)}.status == "failed"` }),
    ...(random() < 0.3 && { on_error: 'continue' }),
    ...(random() < 0.3 && { set: { x: `\${{ stages.s${upTo(random, index + 1)}.output }}` } }),
    transform: random() < 0.5 ? `\${{ stages.s${upTo(random, index + 1)}.?output }}` : '${{ vars.x }}',
  })
  return { name: 'large', vars: { x: { merge: pick(random, ['append', 'last', 'union']) } }, stages: times(n, stage) }
}
