/**
 * Random expressions: of the grammar, mostly with types that fit, and now and then spoilt.
 *
 * They grow towards a kind of value (`Kind`), so that most of them can be evaluated and their insides are reached.
 */
import type { FunctionSpec } from '../../src/foundation/expression/functions/define.ts'
import { functions, methods } from '../../src/foundation/expression/functions.ts'
import { anyKind, Kind, kindOf } from '../../src/foundation/expression/values.ts'
import { few, pick, type Random, times, upTo } from './random.ts'
import { scraps } from './words.ts'

/** What can stand in an expression, by the kinds of its value. */
export type Atoms = readonly (readonly [kinds: number, text: string])[]

const literals: Atoms = [
  ...['1', '0', '2.5', '-3', '7', '1e3', '0x1F', '3u', '12 * 60'].map((text) => [Kind.number, text] as const),
  ...['true', 'false', '1 < 2'].map((text) => [Kind.boolean, text] as const),
  ...['"a"', "'b'", '""', '"é😀"', "r'\\d+'", '"""x\ny"""', '"k"', '"12"', '"a,b"'].map(
    (text) => [Kind.text, text] as const,
  ),
  ...[
    '"2026-01-31T10:00:00Z"',
    '"2026-02-30"',
    '"1h30m"',
    '"Europe/Berlin"',
    '"YYYY-MM-DD"',
    '"[1, {}]"',
    '"^(a|b)*$"',
  ].map((text) => [Kind.text, text] as const),
  ...['[]', '[1, 2, 3]', '["b", "a", "b"]', '[{"k": 1}, {"k": 2}]', '[[1], [2]]', '[null, 1]', 'range(5)'].map(
    (text) => [Kind.list, text] as const,
  ),
  ...['{}', '{"k": 1}', '{"k": {"k": null}}', '{"a": [1], "k": "v"}'].map((text) => [Kind.map, text] as const),
  [Kind.null, 'null'],
  [Kind.time, 'now()'],
  [Kind.time, 'time("2026-01-31T10:00:00Z")'],
  [Kind.duration, 'dur("90m")'],
]

/** What hardly ever fits anywhere. */
const oddities = [
  '1e999',
  '1e300',
  '9007199254740993',
  'b"x"',
  '"\\ud800"',
  '"__proto__"',
  'constructor',
  '__proto__',
  'unknown',
  'size',
  'in',
  'type(1)',
  'dyn(1)',
  'has(inputs.n)',
  'optional.of(1)',
  'optional.none()',
  'cel.bind(x, 1, x)',
  'nothing(1)',
] as const

/** Names that the scopes of the fuzzer have, more or less. */
export const scopeAtoms: Atoms = [
  [anyKind, 'inputs'],
  [Kind.number, 'inputs.n'],
  [Kind.text, 'inputs.s'],
  [Kind.list, 'inputs.list'],
  [Kind.map, 'inputs.map'],
  [anyKind, 'inputs.none'],
  [Kind.number, 'vars.x'],
  [Kind.list, 'vars.items'],
  [anyKind, 'stages.a.output'],
  [Kind.text, 'stages.a.status'],
  [anyKind, 'coalesce(stages.a.output.?deep, 1)'],
  [Kind.text, 'env.HOME'],
  [Kind.text, 'run.id'],
]

const macros = ['map', 'filter', 'all', 'exists', 'exists_one'] as const
const itemFunctions = ['sort_by', 'group_by', 'index_by'] as const
const accesses = [
  '.k',
  '.?k',
  '[0]',
  '[?0]',
  '["k"]',
  '[?"k"]',
  '.deep',
  '.length',
  '.constructor',
  '[-1]',
  '[1.5]',
] as const

/** What a call gives, as far as its documentation tells. */
function resultKind({ name, group, result }: FunctionSpec): number {
  if (group === 'time') return name === 'dur' ? Kind.duration : /^(now|time)$/.test(name) ? Kind.time : kindOf(result)
  return group === 'values' || group === 'optionals' ? anyKind : kindOf(result)
}

const calls = [...functions.values(), ...methods.values()].map((spec) => ({ spec, kinds: resultKind(spec) }))

/** An expression over the atoms; one in four has things in it that do not fit, or is spoilt as text. */
export function randomExpression(
  random: Random,
  atoms: Atoms = scopeAtoms,
  depth = 4,
  want: number = anyKind,
  wildness = 0.25,
): string {
  const wild = random() < wildness
  const text = createGrower(random, wild)(want, [...literals, ...atoms, ...atoms], depth)
  return wild && random() < 0.15 ? spoil(random, text) : text
}

type Grow = (want: number, atoms: Atoms, depth: number) => string

function createGrower(random: Random, wild: boolean): Grow {
  return grow

  function grow(wanted: number, atoms: Atoms, depth: number): string {
    const want = wild && random() < 0.1 ? anyKind : wanted
    if (depth <= 0 || random() < 0.15) return atom(want, atoms)
    const inner = (kinds: number) => grow(kinds, atoms, depth - 1)
    const any = () => inner(anyKind)
    const way = random()
    if (way < 0.3) return call(want, inner)
    if (way < 0.36) return `(${inner(Kind.boolean)} ? ${inner(want)} : ${inner(want)})`
    if (way < 0.4 && (wild || want === anyKind)) return `(${inner(Kind.map | Kind.list)})${pick(random, accesses)}`
    if (way < 0.43) return `coalesce({"k": ${inner(want)}}.?k, ${inner(want)})`
    if (way < 0.46 && (wild || want === anyKind)) return `(${inner(Kind.list)})[${inner(Kind.number)}]`
    switch (oneOf(want)) {
      case Kind.boolean:
        return booleanOf(inner, any)
      case Kind.number:
        return `(${inner(Kind.number)} ${pick(random, ['+', '-', '*', '/', '%'])} ${inner(Kind.number)})`
      case Kind.text:
        return `(${inner(Kind.text)} + ${inner(Kind.text | Kind.number)})`
      case Kind.list:
        return listOf(inner, atoms, depth)
      case Kind.map:
        return `{${times(upTo(random, 3), (n) => `${random() < 0.8 ? `"${'kab'[n]}"` : inner(Kind.text)}: ${any()}`).join(', ')}}`
      case Kind.time:
        return `(${inner(Kind.time)} ${pick(random, ['+', '-'])} ${inner(Kind.duration)})`
      case Kind.duration:
        return `(${inner(Kind.time)} - ${inner(Kind.time)})`
      default:
        return atom(want, atoms)
    }
  }

  function atom(want: number, atoms: Atoms): string {
    if (wild && random() < 0.03) return pick(random, oddities)
    const fitting = atoms.filter(([kinds]) => (kinds & want) !== 0 && (wild || kinds !== anyKind || want === anyKind))
    return fitting.length === 0 ? 'null' : pick(random, fitting)[1]
  }

  function oneOf(kinds: number): number {
    const bits = Object.values(Kind).filter((bit) => (bit & kinds) !== 0)
    return pick(random, bits)
  }

  function call(want: number, inner: (kinds: number) => string): string {
    const fitting = calls.filter(({ kinds }) => (kinds & want) !== 0 && (wild || kinds !== anyKind || want === anyKind))
    if (fitting.length === 0) return inner(want)
    const { params, form, name, group, example } = pick(random, fitting).spec
    if (random() < (group === 'time' || group === 'optionals' ? 0.8 : 0.1)) return `(${example})` // its arguments are of special forms
    const args = params.flatMap(({ kinds, may }) => {
      const count = may === undefined ? 1 : may === 'optional' ? upTo(random, 2) : upTo(random, 3)
      return times(wild && random() < 0.03 ? count + 1 : count, () => inner(kinds === 0 ? anyKind : kinds))
    })
    if (form === 'function') return `${name}(${args.join(', ')})`
    return `(${args[0] ?? inner(anyKind)}).${name}(${args.slice(1).join(', ')})`
  }

  function booleanOf(inner: (kinds: number) => string, any: () => string): string {
    const kinds = pick(random, [Kind.number, Kind.text, Kind.time, Kind.duration, Kind.boolean])
    switch (upTo(random, 5)) {
      case 0:
        return `(${inner(kinds)} ${pick(random, ['<', '<=', '>', '>='])} ${inner(kinds)})`
      case 1:
        return `(${any()} ${pick(random, ['==', '!='])} ${any()})`
      case 2:
        return `(${any()} in ${inner(Kind.list | Kind.map)})`
      case 3:
        return `!${inner(Kind.boolean)}`
      default:
        return `(${inner(Kind.boolean)} ${pick(random, ['&&', '||'])} ${inner(Kind.boolean)})`
    }
  }

  function listOf(inner: (kinds: number) => string, atoms: Atoms, depth: number): string {
    if (random() < 0.4) return `[${times(upTo(random, 4), () => inner(anyKind)).join(', ')}]`
    const list = inner(Kind.list)
    const item =
      wild && random() < 0.1 ? pick(random, ['inputs', 'size', '__proto__', 'e.f']) : pick(random, ['e', 'f'])
    const body = (kinds: number) =>
      grow(kinds, [...atoms, [anyKind, item], [anyKind, item], [anyKind, `${item}.k`]], depth - 1)
    if (random() < 0.3) return `${pick(random, itemFunctions)}(${list}, ${item}, ${body(anyKind)})`
    if (random() < 0.1) return `(${list})[?0].${pick(random, ['optMap', 'optFlatMap'])}(${item}, ${body(anyKind)})`
    const macro = pick(random, macros)
    return `(${list}).${macro}(${item}, ${body(macro === 'map' ? anyKind : Kind.boolean)})`
  }
}

/** The text with a piece cut out, doubled, or something put in. */
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
      return text.slice(0, at) + pick(random, literals)[1] + text.slice(at + few(random, 6))
  }
}
