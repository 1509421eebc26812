/** Random schemas as pipelines write them, and values that fit them more often than not. */
import { isJsonObject, type Json, type JsonObject } from '../../src/foundation/json.ts'
import { formats, keywords, typeNames } from '../../src/foundation/schema/keywords.ts'
import { few, pick, type Random, times, upTo } from './random.ts'
import { scalars } from './words.ts'

const fieldNames = ['n', 's', 'list', 'map', 'none', 'k', 'deep', 'toString', 'a b', 'in', 'é'] as const
const allKeywords = [...keywords.keys()]
const typeWords = ['Line', 'Order', 'Tree', 'Nobody', 'Any'] as const

/** Named types, mostly sound; some name one another, now and then in a circle. */
export function randomTypes(random: Random): JsonObject {
  return Object.fromEntries(
    typeWords.slice(0, random() < 0.8 ? 5 : upTo(random, 5)).map((name) => [name, randomType(random, name)]),
  )
}

const randomType = (random: Random, name: string): Json =>
  random() < 0.5 ? randomSchema(random, 2) : name === 'Order' ? { lines: 'Line[]', 'note?': 'string' } : { k: 'number' }

/** A schema in any form; one in a few says something that is none. */
export function randomSchema(random: Random, depth = 3): Json {
  if (random() < 0.01) return randomValue(random, 2)
  if (depth <= 0 || random() < 0.4) return shortForm(random)
  switch (upTo(random, 6)) {
    case 0:
    case 1:
      return fieldList(random, depth)
    case 2:
      return { type: 'array', items: randomSchema(random, depth - 1), ...sprinkled(random, depth) }
    case 3:
      return { type: pick(random, typeNames), ...sprinkled(random, depth) }
    case 4:
      return { [pick(random, ['enum', 'examples'])]: times(few(random, 3), () => randomValue(random, 1)) }
    default:
      return { ...sprinkled(random, depth), ...sprinkled(random, depth) }
  }
}

function shortForm(random: Random): string {
  const word = pick(random, random() < 0.85 ? [...typeNames, 'any'] : [...typeWords, 'Line', 'int', ''])
  const suffixes = times(random() < 0.7 ? 0 : few(random, 3), () => pick(random, ['[]', '?']))
  return word + suffixes.join('')
}

function fieldList(random: Random, depth: number): Json {
  const names = times(upTo(random, 4), () => pick(random, fieldNames) + (random() < 0.3 ? '?' : ''))
  return Object.fromEntries(names.map((name) => [name, randomSchema(random, depth - 1)]))
}

const sprinkled = (random: Random, depth: number): JsonObject =>
  Object.fromEntries(
    times(upTo(random, 3), () => pick(random, allKeywords)).map((key) => [key, keywordValue(random, key, depth - 1)]),
  )

function keywordValue(random: Random, key: string, depth: number): Json {
  if (random() < 0.02) return randomValue(random, 2)
  const schema = () => randomSchema(random, depth)
  switch (keywords.get(key)?.holds) {
    case 'one':
      return schema()
    case 'list':
      return times(few(random, 3), schema)
    case 'map':
      return Object.fromEntries(times(upTo(random, 3), () => [pick(random, fieldNames), schema()]))
  }
  if (/^(min|max)[A-Z]/.test(key)) return upTo(random, 4)
  if (/imum$|^multiple|^exclusive/i.test(key)) return pick(random, [0, 1, 2.5, -1, 10])
  switch (key) {
    case 'type':
      return times(few(random, 3), () => pick(random, typeNames))
    case 'pattern':
      return pick(random, ['^a', '[', 'a{1,3}$', '\\d+', '(?=a)', '(a*)*b', '\\p{L}'])
    case 'format':
      return pick(random, formats)
    case 'required':
      return times(upTo(random, 3), () => pick(random, fieldNames))
    case 'dependentRequired':
      return { [pick(random, fieldNames)]: [pick(random, fieldNames)] }
    case '$ref':
      return pick(random, [...typeWords, 'Line[]', '#/types/Line'])
    case 'uniqueItems':
      return random() < 0.9
    case 'title':
    case 'description':
    case '$comment':
      return 'words'
    case 'deprecated':
    case 'readOnly':
    case 'writeOnly':
      return random() < 0.5
    case 'enum':
    case 'examples':
      return times(few(random, 3), () => randomValue(random, 1))
    default:
      return randomValue(random, 2)
  }
}

/** Any JSON. */
export function randomValue(random: Random, depth = 3): Json {
  if (depth <= 0 || random() < 0.6) return pick(random, scalars) as Json
  if (random() < 0.5) return times(upTo(random, 4), () => randomValue(random, depth - 1))
  return Object.fromEntries(times(upTo(random, 4), () => [pick(random, fieldNames), randomValue(random, depth - 1)]))
}

/** JSON that fits the schema in what is easy to fit; one in ten parts does not. */
export function fittingValue(random: Random, schema: Json, depth = 5): Json {
  if (!isJsonObject(schema) || depth <= 0 || random() < 0.05) return randomValue(random, 2)
  const { type, enum: choices, anyOf, properties, items, required, const: constant } = schema
  if (constant !== undefined) return constant
  if (Array.isArray(choices)) return pick(random, choices as readonly Json[])
  if (Array.isArray(anyOf)) return fittingValue(random, pick(random, anyOf as readonly Json[]), depth - 1)
  const inner = (each: Json) => fittingValue(random, each, depth - 1)
  switch (Array.isArray(type) ? pick(random, type as readonly Json[]) : type) {
    case 'null':
      return null
    case 'boolean':
      return random() < 0.5
    case 'integer':
      return pick(random, [0, 1, 2, 3, -1, 7])
    case 'number':
      return pick(random, [0, 1, 2.5, -0.1, 1e300])
    case 'string':
      return pick(random, ['', 'a', 'abc', 'é😀', '2026-01-31', '12'])
    case 'array':
      return times(upTo(random, 4), () => inner(items ?? true))
    case 'object': {
      const wanted = Array.isArray(required) ? required : []
      const chosen = Object.entries(isJsonObject(properties) ? properties : {}).filter(
        ([name]) => wanted.includes(name) || random() < 0.5,
      )
      return Object.fromEntries(chosen.map(([name, each]) => [name, inner(each)]))
    }
    default:
      return randomValue(random, 2)
  }
}
