/** Random expressions: of the grammar, with types that fit more often than not, and now and then spoilt. */
import { functionDocs } from '../../src/foundation/expression/functions.ts'
import { few, pick, type Random, times, upTo } from './random.ts'
import { scraps } from './words.ts'

const literals = [
  '1',
  '0',
  '2.5',
  '-3',
  '1e300',
  '1e999',
  '0x1F',
  '3u',
  '9007199254740993',
  'true',
  'false',
  'null',
  '"a"',
  "'b'",
  '""',
  '"é😀"',
  "r'\\d+'",
  '"""x"""',
  'b"x"',
  '"\\ud800"',
  '"2026-01-31T10:00:00Z"',
  '"2026-02-30"',
  '"1h30m"',
  '"Europe/Berlin"',
  '"YYYY-MM-DD"',
  '"[1, {}]"',
  '"^(a|b)*$"',
  '"__proto__"',
  '[]',
  '[1, 2, 3]',
  '["b", "a", "b"]',
  '[{"k": 1}, {"k": 2}]',
  '[[1], [2]]',
  '{}',
  '{"k": 1}',
  '{"k": {"k": null}}',
  'now()',
  'dur("90m")',
  'time("2026-01-31T10:00:00Z")',
] as const

/** Names that the scopes of the fuzzer have, more or less. */
export const scopeNames = [
  'inputs',
  'inputs.n',
  'inputs.s',
  'inputs.list',
  'inputs.map',
  'inputs.none',
  'inputs.?none',
  'vars.x',
  'vars.items',
  'stages.a.output',
  'stages.a.status',
  'stages.b.output.?deep',
  'env.HOME',
  'run.id',
  'output',
  'unknown',
  'constructor',
  '__proto__',
] as const

const operators = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', '&&', '||', 'in'] as const
const functions = functionDocs.filter(({ form }) => form === 'function').map(({ name }) => name)
const methods = functionDocs.filter(({ form }) => form === 'method').map(({ name }) => name)
const otherCalls = ['nothing', 'string', 'double', 'int', 'type', 'dyn', 'has', 'optional.of', 'cel.bind'] as const
const macros = ['map', 'filter', 'all', 'exists', 'exists_one', 'optMap', 'optFlatMap'] as const
const itemFunctions = ['sort_by', 'group_by', 'index_by'] as const
const fields = ['.k', '.?k', '[0]', '[?0]', '["k"]', '[?"k"]', '.deep', '.length', '.constructor', '[-1]'] as const

/** An expression over `names`; one in thirty has something in it that is no CEL. */
export function randomExpression(random: Random, names: readonly string[] = scopeNames, depth = 4): string {
  const text = grow(random, names, depth)
  return random() < 0.03 ? spoil(random, text) : text
}

function grow(random: Random, names: readonly string[], depth: number): string {
  const inner = () => grow(random, names, depth - 1)
  if (depth <= 0 || random() < 0.15) return random() < 0.5 ? pick(random, literals) : pick(random, names)
  switch (upTo(random, 13)) {
    case 0:
    case 1:
      return `${inner()} ${pick(random, operators)} ${inner()}`
    case 2:
      return `(${inner()})`
    case 3:
      return `${inner()} ? ${inner()} : ${inner()}`
    case 4:
    case 5:
      return `${pick(random, random() < 0.9 ? functions : otherCalls)}(${times(few(random, 3), inner).join(', ')})`
    case 6:
      return `(${inner()}).${pick(random, methods)}(${times(upTo(random, 3), inner).join(', ')})`
    case 7:
      return macro(random, names, depth)
    case 8:
      return `[${times(upTo(random, 4), inner).join(', ')}]`
    case 9:
      return `{${times(upTo(random, 3), () => `${random() < 0.8 ? '"k"' : inner()}: ${inner()}`).join(', ')}}`
    case 10:
      return `(${inner()})${pick(random, fields)}`
    case 11:
      return `(${inner()})[${inner()}]`
    default:
      return `${random() < 0.5 ? '!' : '-'}${inner()}`
  }
}

function macro(random: Random, names: readonly string[], depth: number): string {
  const list = grow(random, names, depth - 1)
  const item = pick(random, ['e', 'e', 'e', 'inputs', 'f', 'size', '__proto__'])
  const body = grow(random, [...names, item, `${item}.k`, item], depth - 1)
  return random() < 0.7
    ? `(${list}).${pick(random, macros)}(${item}, ${body})`
    : `${pick(random, itemFunctions)}(${list}, ${item}, ${body})`
}

/** The text with a piece cut out, doubled, or a scrap put in. */
export function spoil(random: Random, text: string): string {
  const at = upTo(random, text.length + 1)
  const length = upTo(random, 6)
  switch (upTo(random, 4)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length)
    case 1:
      return text.slice(0, at) + pick(random, scraps) + text.slice(at)
    case 2:
      return text.slice(0, at + length) + text.slice(at)
    default:
      return text.slice(0, at) + pick(random, literals) + text.slice(at + length)
  }
}
