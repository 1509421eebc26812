import { describe, expect, it } from 'vitest'
import { createChecker } from '../../../src/foundation/expression/check.ts'
import { canBe } from '../../../src/foundation/expression/schema-types.ts'
import type { JsonSchema } from '../../../src/foundation/plan.ts'
import { closed, integer, listOf, number, text, typeScope } from './support.ts'

const checker = createChecker()
const check = (source: string) => checker.check(source, typeScope)
/** `code ‹what the caret marks›`, one per fault. */
const faults = (source: string): string[] =>
  check(source).faults.map(({ code, start, end }) => `${code} ‹${source.slice(start, end)}›`)

describe('good expressions', () => {
  it.each<[string, JsonSchema]>([
    ['inputs.topic', text],
    ['inputs.depth + 1', integer],
    ['inputs.depth / 2', number],
    ['inputs.note', { anyOf: [text, { type: 'null' }] }],
    ['coalesce(inputs.note, "none")', text],
    ['size(vars.sources) > 2 && inputs.publish', { type: 'boolean' }],
    ['vars.sources.filter(s, s.score > 0.5).map(s, s.url)', listOf(text)],
    ['vars.sources[0].url', text],
    ['vars.sources[?0]', { anyOf: [...branches('vars.sources[0]'), { type: 'null' }] as never }],
    ['sort_by(vars.sources, s, s.score).map(s, s.url).join(", ")', text],
    ['stages.plan.output.level', integer],
    ['stages["plan"].output["level"]', integer],
    ['stages.stats.output.?rows', { anyOf: [...branches('vars.sources'), { type: 'null' }] as never }],
    ['stages.stats.status', { enum: ['succeeded', 'failed', 'skipped', 'cancelled'] }],
    ['stages.stats.error.message', text],
    ['stages.raw.output.whatever[0].goes', true],
    ['vars.any.x > 3', { type: 'boolean' }],
    ['"a" + 1', text],
    ['now() + dur("1h")', { type: 'string', format: 'date-time' }],
    ['now() - now() < dur("1h")', { type: 'boolean' }],
    ['[now()].map(t, t + dur("1h"))', listOf({ type: 'string', format: 'date-time' })],
    [
      'inputs.publish ? 1 : "a"',
      {
        anyOf: [
          { type: 'integer', const: 1 },
          { type: 'string', const: 'a' },
        ],
      },
    ],
    ['{"n": inputs.depth, "m": inputs.note}', closed({ n: integer, m: { anyOf: [text, { type: 'null' }] } })],
    ['inputs.topic == null', { type: 'boolean' }],
    ['inputs.channel == "blog" || inputs.channel in ["wiki"]', { type: 'boolean' }],
    ['has(inputs.note) && inputs.note.contains("x")', { type: 'boolean' }],
    ['vars.sources.map(s, s.?note.orValue("-"))', listOf({ anyOf: [text, { type: 'null' }] })],
    ['[].all(e, e > 0)', { type: 'boolean' }],
    ['keys(group_by(vars.sources, "url"))', listOf(text)],
    ['parse_json("[1]")[0].x', true],
  ])('%s', (source, type) => {
    expect(check(source).faults).toEqual([])
    expect(check(source).type).toEqual(type)
  })
})

function branches(source: string): JsonSchema[] {
  return [check(source).type]
}

describe('faults', () => {
  it.each([
    ['inputs.topic ==', ['expression_syntax ‹›']],
    ['(inputs.depth', ['expression_syntax ‹›']],
    ['inputs.topic = "a"', ['expression_syntax ‹=›']],
    ['"open', ['expression_syntax ‹"open›']],
    ['for', ['expression_syntax ‹for›']],
    ['input.topic', ['unknown_name ‹input›']],
    ['inputs.topc', ['unknown_field ‹topc›']],
    ['inputs["topc"]', ['unknown_field ‹"topc"›']],
    ['inputs.?topc', ['unknown_field ‹topc›']],
    ['has(inputs.topc)', ['unknown_field ‹topc›']],
    ['stages.plan.outputs', ['unknown_field ‹outputs›']],
    ['stages.raw.reson', ['unknown_field ‹reson›']],
    ['vars.sources.filter(s, s.scor > 1)', ['unknown_field ‹scor›']],
    ['sort_by(vars.sources, "scor")', ['unknown_field ‹"scor"›']],
    ['event.id', ['wrong_scope ‹event›']],
    ['run.status', ['wrong_scope ‹status›']],
    ['secrets.X', ['wrong_scope ‹secrets›']],
    ['stages.paln.output', ['unknown_stage ‹paln›']],
    ['stages.publish.output.x', ['stage_not_upstream ‹publish›']],
    ['stages.stats.output.rows', ['maybe_absent_output ‹stages.stats.output.rows›']],
    ['stages.stats.output["rows"]', ['maybe_absent_output ‹stages.stats.output["rows"]›']],
    ['stages.stats.output.map(r, r)', ['maybe_absent_output ‹stages.stats.output›']],
    ['stages.stats.output.?nope', ['unknown_field ‹nope›']],
    ['inputs.?note + "x"', ['optional_operand ‹inputs.?note›']],
    ['inputs.?publish && true', ['optional_operand ‹inputs.?publish›']],
    ['!inputs.?publish', ['optional_operand ‹inputs.?publish›']],
    ['inputs.?note.contains("x")', ['optional_operand ‹inputs.?note›']],
    ['inputs.depth + true', ['expression_type ‹inputs.depth + true›']],
    ['inputs.topic > 3', ['expression_type ‹inputs.topic > 3›']],
    ['inputs.topic == 3', ['expression_type ‹inputs.topic == 3›']],
    ['inputs.topic && true', ['expression_type ‹inputs.topic›']],
    ['!inputs.depth', ['expression_type ‹inputs.depth›']],
    ['-inputs.topic', ['expression_type ‹-inputs.topic›']],
    ['inputs.depth ? 1 : 2', ['expression_type ‹inputs.depth›']],
    ['inputs.depth.filter(x, x)', ['expression_type ‹inputs.depth›']],
    ['inputs.topic.map(x, x)', ['expression_type ‹inputs.topic›']],
    ['vars.sources.filter(s, s.score)', ['expression_type ‹s.score›']],
    ['vars.sources.url', ['expression_type ‹url›']],
    ['inputs.topic.length', ['expression_type ‹length›']],
    ['inputs.topic[0]', ['expression_type ‹inputs.topic[0]›']],
    ['vars.sources["a"]', ['expression_type ‹vars.sources["a"]›']],
    ['vars.sources[-1]', ['expression_type ‹-1›']],
    ['inputs.depth / 0', ['expression_type ‹0›']],
    ['1 in inputs.topic', ['expression_type ‹inputs.topic›']],
    ['1 in stages.plan.output.questions', ['expression_type ‹1 in stages.plan.output.questions›']],
    ['stages.plan.status == "succeded"', ['expression_type ‹"succeded"›']],
    ['inputs.channel in ["blog", "wikki"]', ['expression_type ‹"wikki"›']],
    ['now() > "2026-01-01"', ['expression_type ‹now() > "2026-01-01"›']],
    ['now() + 3', ['expression_type ‹now() + 3›']],
    ['dur("5 minutes")', ['expression_type ‹"5 minutes"›']],
    ['date(now(), "Mars")', ['expression_type ‹"Mars"›']],
    ['{1: 2}', ['expression_type ‹1›']],
    ['{"a": 1, "a": 2}', ['expression_type ‹"a"›']],
    ['{"__proto__": 1}', ['expression_type ‹"__proto__"›']],
    ['b"x"', ['expression_type ‹b"x"›']],
    ['9007199254740993', ['expression_type ‹9007199254740993›']],
    ['lenght(inputs.topic)', ['unknown_function ‹lenght›']],
    ['inputs.topic.uper()', ['unknown_function ‹uper›']],
    ['lower(inputs.topic)', ['unknown_function ‹lower›']],
    ['round(inputs.topic)', ['expression_type ‹inputs.topic›']],
    ['round()', ['expression_type ‹round()›']],
    ['vars.sources.filter(x)', ['expression_type ‹vars.sources.filter(x)›']],
    ['inputs.topic.matches("a(")', ['bad_pattern ‹"a("›']],
    ['matches(inputs.topic, "(?=a)")', ['bad_pattern ‹"(?=a)"›']],
    ['cel.bind(a, 1, a)', ['expression_limit ‹cel.bind(a, 1, a)›']],
    ['[1].map(a, [1].map(b, [1].map(c, c)))', ['expression_limit ‹[1].map(c, c)›']],
    ['inputs.topic.orValue("x")', ['expression_type ‹inputs.topic›']],
  ])('%s: %j', (source, wanted) => {
    expect(faults(source)).toEqual(wanted)
  })

  it('are all reported, in order of place', () => {
    expect(faults('inputs.topc + vars.sources.map(s, s.scor + nope) + lenght(inputs.depht)')).toEqual([
      'unknown_field ‹topc›',
      'unknown_field ‹scor›',
      'unknown_name ‹nope›',
      'unknown_function ‹lenght›',
      'unknown_field ‹depht›',
    ])
  })

  it('point at the right place over several lines and comments', () => {
    expect(faults('inputs.depth > 3 // deep\n  && (inputs.topic)\n    .uper() == ""')).toEqual([
      'unknown_function ‹uper›',
    ])
    expect(faults('vars.sources\n  .map(s,\n    s.scor)')).toEqual(['unknown_field ‹scor›'])
  })

  it('name candidates and hints', () => {
    expect(check('inputs.topc').faults[0]).toMatchObject({
      name: 'topc',
      candidates: ['topic', 'depth', 'publish', 'note', 'channel'],
    })
    expect(check('stages.paln.output').faults[0]).toMatchObject({
      name: 'paln',
      candidates: ['plan', 'stats', 'raw', 'publish'],
    })
    expect(check('vars.sources.map(s, t)').faults[0]?.candidates).toEqual([
      's',
      'inputs',
      'vars',
      'env',
      'run',
      'stages',
    ])
    expect(check('lower(inputs.topic)').faults[0]?.hint).toBe('Write text.lower().')
    expect(check('inputs.topic > 3').faults[0]?.hint).toBe('Turn the text into a number with double(text).')
    expect(check('a.in').faults[0]?.hint).toBe("Write ['in'] to read a field of that name.")
    expect(check('stages.plan.status == "succeded"').faults[0]?.hint).toBe('Did you mean "succeeded"?')
  })
})

describe('what an expression reads', () => {
  it('is listed with its place', () => {
    const source = 'stages.plan.output.level > vars.spend && stages["stats"].output.?rows == env.HOME'
    const { reads } = check(source)
    expect(
      reads.stages.map(({ id, field, optional, start, end }) => [id, field, optional, source.slice(start, end)]),
    ).toEqual([
      ['plan', 'output', false, 'plan'],
      ['stats', 'output', true, '"stats"'],
    ])
    expect(reads.vars.map(({ name, start, end }) => [name, source.slice(start, end)])).toEqual([['spend', 'spend']])
    expect(reads.env.map(({ name }) => name)).toEqual(['HOME'])
    expect(reads.now).toBe(false)
    expect([...reads.whole]).toEqual([])
  })

  it('counts a whole map as all of its members', () => {
    expect([...check('json(vars) + json(stages)').reads.whole]).toEqual(['vars', 'stages'])
    expect([...check('vars[inputs.topic]').reads.whole]).toEqual(['vars'])
  })

  it('knows macro variables from names of the scope', () => {
    const { reads, faults: found } = check('[{"a": 1}].map(vars, vars.a)')
    expect(found).toEqual([])
    expect(reads.vars).toEqual([])
  })

  it('tells a stage that is read whole from one of its fields', () => {
    expect(check('json(stages.plan)').reads.stages[0]).toMatchObject({ id: 'plan', field: undefined })
    expect(check('stages.plan.status == "failed"').reads.stages[0]).toMatchObject({ id: 'plan', field: 'status' })
  })

  it('notes now()', () => {
    expect(check('now() > time("2026-01-01")').reads.now).toBe(true)
  })
})

describe('what a result can be', () => {
  it('is asked by kind', () => {
    expect(canBe(check('inputs.publish').type, 'boolean')).toBe(true)
    expect(canBe(check('inputs.?publish').type, 'null')).toBe(true)
    expect(canBe(check('inputs.topic').type, 'boolean')).toBe(false)
    expect(canBe(check('inputs.topic').type, 'null')).toBe(false)
    expect(canBe(check('vars.any').type, 'boolean')).toBe(true)
  })

  it('is text for a time that has left its expression', () => {
    const { type } = check('{"at": [now()], "took": now() - now()}')
    const later = checker.check('x.at[0] + x.took', { ...typeScope, names: { x: type } })
    expect(later.faults).toEqual([])
    expect(later.type).toEqual(text)
    expect(canBe(check('now()').type, 'text')).toBe(true)
  })
})

describe('what is made from a value', () => {
  const typeIn = (schema: JsonSchema, source: string) => checker.check(source, { ...typeScope, names: { x: schema } })

  it.each<readonly [string, JsonSchema, string, JsonSchema]>([
    ['a part of a text', { enum: ['abc', 'd'] }, 'slice(x, 0, 1)', text],
    ['a text turned round', { const: 'abc' }, 'x.reverse()', text],
    ['a part of a list', { type: 'array', minItems: 3, items: integer }, 'slice(x, 1)', listOf(integer)],
    ['a list without repetitions', { type: 'array', minItems: 3, items: integer }, 'unique(x)', listOf(integer)],
    ['a sorted list', { type: 'array', prefixItems: [integer, text] }, 'sort(x)', { type: 'array' }],
    [
      'a list or a text',
      { type: ['array', 'string'], items: integer },
      'slice(x, 1)',
      { anyOf: [text, listOf(integer)] },
    ],
    ['pieces of a list', { type: 'array', minItems: 3, items: integer }, 'chunk(x, 2)', listOf(listOf(integer))],
    ['a negative number', { type: 'integer', minimum: 1 }, '-x', integer],
    ['a negative value', { enum: [1.5, 2] }, '-x', number],
    [
      'the least of a list, or a number',
      { type: ['array', 'number'], items: text },
      'min(x)',
      { anyOf: [text, { type: 'null' }, number] },
    ],
    [
      'items of lists of two types',
      listOf({ anyOf: [listOf(integer), listOf(text)] }),
      'flatten(x)',
      listOf({ anyOf: [integer, text] }),
    ],
    [
      'items of a list, or keys of a map',
      { type: ['array', 'object'], items: integer },
      'x.map(e, e)',
      listOf({ anyOf: [integer, text] }),
    ],
  ])('%s is not bound by what its schema says', (_, schema, source, type) => {
    expect(typeIn(schema, source)).toMatchObject({ faults: [], type })
  })

  it('may be compared with anything of its kind', () => {
    expect(typeIn({ enum: ['abc', 'd'] }, 'slice(x, 0, 1) == "a"').faults).toEqual([])
    expect(typeIn({ type: ['array', 'object'], items: integer }, 'x.filter(e, e == "key")').faults).toEqual([])
  })
})

describe('schemas of every form', () => {
  const typeIn = (schema: JsonSchema, source: string) => checker.check(source, { ...typeScope, names: { x: schema } })

  it('are followed through references, unions and additional properties', () => {
    const tree: JsonSchema = {
      $defs: {
        node: {
          type: 'object',
          properties: { name: text, next: { $ref: '#/$defs/node' } },
          additionalProperties: false,
        },
      },
      $ref: '#/$defs/node',
    }
    expect(typeIn(tree, 'x.next.next.nam').faults[0]).toMatchObject({ code: 'unknown_field', name: 'nam' })
    const either: JsonSchema = { anyOf: [closed({ a: text }), closed({ b: integer }), { type: 'null' }] }
    expect(typeIn(either, 'x.a + x.b').faults).toEqual([])
    expect(typeIn(either, 'x.c').faults[0]?.candidates).toEqual(['a', 'b'])
    const all: JsonSchema = { allOf: [closed({ a: text }), { type: 'object', properties: { b: integer } }] }
    expect(typeIn(all, 'x.a + x.b').type).toEqual(text)
    expect(typeIn({ type: 'object', additionalProperties: integer }, 'x.anything + 1').type).toEqual(integer)
    expect(typeIn({ type: 'object', properties: { a: text } }, 'x.other.more').faults).toEqual([])
    expect(typeIn({ type: ['string', 'null'] }, 'x + 1').faults).toEqual([])
    expect(typeIn({ type: ['string', 'null'] }, 'x * 2').faults[0]?.code).toBe('expression_type')
    const byPattern: JsonSchema = { type: 'object', patternProperties: { '^k': text }, additionalProperties: integer }
    expect(typeIn(byPattern, 'x.k').type).toBe(true)
    expect(typeIn({ ...byPattern, additionalProperties: false }, 'merge(x, {"a": 1}).k').faults).toEqual([])
    expect(typeIn({ const: 'a' }, 'x == "b"').faults).toEqual([])
    expect(typeIn({ enum: ['a', 'b'] }, 'x == "c"').faults[0]?.name).toBe('c')
  })
})
