import { describe, expect, it } from 'vitest'
import { createEvaluator } from '../../../src/foundation/expression/evaluate.ts'
import { compileTemplate } from '../../../src/foundation/expression/template.ts'
import { ExpressionError } from '../../../src/foundation/expression/types.ts'
import { deepFreeze, type Json } from '../../../src/foundation/json.ts'

const names = deepFreeze({
  b: true,
  n: 0,
  score: 7,
  text: 'tea',
  note: null,
  list: [3, 1, 2],
  x: { b: null, deep: { value: 1 }, in: 'kept', 'a-b': 2 },
  docs: [
    { id: 'a', score: 0.9 },
    { id: 'b', score: 0.2 },
  ],
})
const evaluator = createEvaluator()
const scope = { names, nowMs: Date.UTC(2026, 0, 31, 12) }
const value = (source: string): Json => evaluator.expression(source, scope)

function errorOf(source: string): ExpressionError {
  try {
    value(source)
  } catch (error) {
    if (error instanceof ExpressionError) return error
    throw error
  }
  throw new Error(`"${source}" did not fail`)
}

describe('numbers are of one type', () => {
  it.each<[string, Json]>([
    ['7 / 2', 3.5],
    ['7 % 2', 1],
    ['-7 % 2', -1],
    ['5.5 % 2', 1.5],
    ['score % 2 == 1', true],
    ['2 * 1.5', 3],
    ['score + 0.5', 7.5],
    ['size(list) / 2', 1.5],
    ['1 == 1.0', true],
    ['3u + 1', 4],
    ['0x1F', 31],
    ['1 in [1, 2]', true],
    ['score in [1, 7.0]', true],
    ['list[n]', 3],
    ['list[size(list) - 1]', 2],
    ['list[1.0]', 1],
    ['b ? 1 : "a"', 1],
    ['b ? score : 0', 7],
    ['-n', 0],
    ['"n: " + 2.5', 'n: 2.5'],
    ['1 + "st"', '1st'],
  ])('%s = %j', (source, wanted) => {
    expect(value(source)).toEqual(wanted)
  })

  it.each([
    ['7 / n', 'Division by zero.'],
    ['7 % n', 'Division by zero.'],
    ['1e308 * 10', 'The result is too large for a number.'],
    ['9007199254740993', '9007199254740993 is too large to be held exactly as a number.'],
    ['list[0.5]', 'A list is read by whole numbers, not by 0.5.'],
    ['list[3]', 'There is no item 3; the list has 3.'],
    ['list[-1]', 'There is no item -1; the list has 3.'],
    ['true + 1', '"+" does not work on true or false and a number.'],
    ['"7" > 3', 'Text cannot be compared with a number.'],
    ['double("x")', '"x" is no number.'],
  ])('%s fails: %s', (source, message) => {
    expect(errorOf(source)).toMatchObject({ code: 'expression_failed', message })
  })
})

describe('null and what is absent', () => {
  it.each<[string, Json]>([
    ['note', null],
    ['note == null', true],
    ['note != 3', true],
    ['coalesce(x.?a, x.?b, 3)', 3],
    ['coalesce(note, x.?deep.?value, 3)', 1],
    ['coalesce(note)', null],
    ['x.?a', null],
    ['x.?deep', { value: 1 }],
    ['x.?a.b.c', null],
    ['x.?deep.value', 1],
    ['note.?a', null],
    ['list[?9]', null],
    ['list[?0]', 3],
    ['x.?a.orValue(5)', 5],
    ['x.?a.hasValue()', false],
    ['x.?deep.optMap(d, d.value + 1)', 2],
    ['[x.?a, x.?deep]', [null, { value: 1 }]],
    ['{"a": x.?a}', { a: null }],
    ['docs.map(d, d.?nope)', [null, null]],
    ['json(x.?a)', 'null'],
    ['has(x.deep)', true],
    ['has(x.b)', false],
    ['has(x.a)', false],
    ["x['in']", 'kept'],
    ["x['a-b']", 2],
  ])('%s = %j', (source, wanted) => {
    expect(value(source)).toEqual(wanted)
  })

  it.each([
    ['x.a', 'There is no field "a".'],
    ['docs[0].scor', 'There is no field "scor". Did you mean "score"?'],
    ['note.a', 'Null has no field "a"; use .? where a value may be missing.'],
    ['x.?deep.?value + 1', 'This may be absent; give it a default with coalesce(…).'],
    ['x.?a == null', 'This may be absent; give it a default with coalesce(…).'],
    ['nothing', 'There is no "nothing" here.'],
  ])('%s fails: %s', (source, message) => {
    expect(errorOf(source).message).toBe(message)
  })
})

describe('logic and macros', () => {
  it.each<[string, Json]>([
    ['[].all(e, e > 0)', true],
    ['[].exists(e, e > 0)', false],
    ['1 / n > 1 || true', true],
    ['false && 1 / n > 1', false],
    ['[1, 0].exists(e, 1 / e == 1)', true],
    ['[0, 1].exists(e, 1 / e == 1)', true],
    ['[0, 2].all(e, 1 / e == 1)', false],
    ['docs.filter(d, d.score > 0.5).map(d, d.id)', ['a']],
    ['docs.map(d, d.score > 0.5, d.id)', ['a']],
    ['list.exists_one(e, e > 2)', true],
    ['{"a": 1, "b": 2}.map(k, k)', ['a', 'b']],
    ['list.map(a, list.filter(b, b < a))', [[1, 2], [], [1]]],
    ['list.map(score, score * 2)', [6, 2, 4]],
    ['sort_by(docs, d, d.score)[0].id', 'b'],
    ['group_by(list, e, e > 1 ? "big" : "small")', { big: [3, 2], small: [1] }],
  ])('%s = %j', (source, wanted) => {
    expect(value(source)).toEqual(wanted)
  })

  it('fails when no item decides and one fails', () => {
    expect(errorOf('[0, 2].exists(e, 1 / e == 1)').message).toBe('Division by zero.')
    expect(errorOf('score && true').message).toBe('This must be true or false, not a number.')
    expect(errorOf('score ? 1 : 2').message).toBe('This must be true or false, not a number.')
  })

  it('places an error where it is, also inside a macro', () => {
    const source = 'docs.map(d, d.scor)'
    const { start, end } = errorOf(source)
    expect(source.slice(start, end)).toBe('d.scor')
  })
})

describe('what leaves an expression is JSON', () => {
  it.each<[string, Json]>([
    ['now()', '2026-01-31T12:00:00.000Z'],
    ['now() + dur("1d")', '2026-02-01T12:00:00.000Z'],
    ['now() - time("2026-01-31T10:30:00Z")', '1h30m'],
    ['{"at": [now()]}', { at: ['2026-01-31T12:00:00.000Z'] }],
    ['dur("90s") > dur("1m")', true],
    ['now() > time("2026-01-01")', true],
    ['time("2026-01-31T13:00:00+01:00") == now()', true],
    ['-dur("5m")', '-5m'],
    ['size("tea")', 3],
    ['int(2.9)', 2],
  ])('%s = %j', (source, wanted) => {
    expect(value(source)).toEqual(wanted)
  })

  it('shares what it reads, and copies what it makes', () => {
    expect(value('docs')).toBe(names.docs)
    expect((value('{"d": docs}') as { d: Json }).d).toBe(names.docs)
  })

  it('refuses bytes and keys that are no texts', () => {
    expect(errorOf('b"x"').message).toBe('Bytes are not JSON data; write a text.')
    expect(errorOf('{1: 2}').message).toBe('The keys of a map are texts, not a number.')
    expect(errorOf('{"a": 1, "a": 2}').message).toBe('The key "a" is there twice.')
  })
})

describe('conditions', () => {
  it('are true or false and nothing else', () => {
    expect(evaluator.condition('score > 3', scope)).toBe(true)
    expect(evaluator.condition('x.?deep.?value.hasValue()', scope)).toBe(true)
    expect(() => evaluator.condition('score', scope)).toThrow('A condition must be true or false, not 7.')
    expect(() => evaluator.condition('note', scope)).toThrow('A condition must be true or false, not null.')
    expect(() => evaluator.condition('x.?a', scope)).toThrow(ExpressionError)
  })
})

describe('templates', () => {
  const render = (template: Json): Json => evaluator.template(compileTemplate(template), scope)

  it('keep the type of a whole expression and render one inside text', () => {
    expect(
      render({ a: '${{ list }}', b: 'is ${{ text }}, ${{ score }}, ${{ b }}, ${{ list }}, ${{ x.deep }}' }),
    ).toEqual({
      a: [3, 1, 2],
      b: 'is tea, 7, true, [3,1,2], {"value":1}',
    })
    expect(render(['${{ note }}', 1, 'at ${{ now() }}'])).toEqual([null, 1, 'at 2026-01-31T12:00:00.000Z'])
  })

  it('refuse null inside text', () => {
    expect(() => render('a ${{ note }}')).toThrow('Null has no text; give it a default with coalesce(…, "").')
  })

  it('never render data twice', () => {
    const data = { names: { evil: '${{ secret }} $${{', secret: 'x' }, nowMs: 0 }
    expect(evaluator.template(compileTemplate('got ${{ evil }}'), data)).toBe('got ${{ secret }} $${{')
  })

  it('write an escaped ${{ as it is', () => {
    expect(render('$${{ ${{ text }} }}')).toBe('${{ tea }}')
  })
})
