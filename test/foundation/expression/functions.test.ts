import { describe, expect, it } from 'vitest'
import { createChecker } from '../../../src/foundation/expression/check.ts'
import { createEvaluator } from '../../../src/foundation/expression/evaluate.ts'
import { functionDocs, functions, methods } from '../../../src/foundation/expression/functions.ts'
import type { TypeScope } from '../../../src/foundation/expression/types.ts'
import type { Json } from '../../../src/foundation/json.ts'

const evaluator = createEvaluator()
const scope = { names: {}, nowMs: 0 }
const nothing: TypeScope = { names: {}, elsewhere: {}, stage: () => undefined, stageNames: () => [] }
const value = (source: string): Json => evaluator.expression(source, scope)

describe('every function', () => {
  it.each(functionDocs.map((doc) => [doc.signature, doc] as const))('%s gives what its example says', (_, doc) => {
    expect(value(doc.example)).toEqual(doc.result)
    expect(doc.example).toContain(doc.name)
    expect(createChecker().check(doc.example, nothing).faults).toEqual([])
  })

  it('of the language is there', () => {
    const free =
      'json parse_json coalesce sum avg min max round floor ceil sort sort_by unique flatten slice chunk range keys values merge group_by index_by now date time dur format_date slug truncate hash'
    const ofText = 'lower upper trim replace split join startsWith endsWith contains matches'
    expect(free.split(' ').filter((name) => !functions.has(name))).toEqual([])
    expect(ofText.split(' ').filter((name) => !methods.has(name))).toEqual([])
  })
})

describe('details of functions', () => {
  it.each<[string, Json]>([
    ['sum([])', 0],
    ['avg([])', null],
    ['min([])', null],
    ['max("a", "b")', 'b'],
    ['round(2.5)', 3],
    ['round(-2.5)', -3],
    ['round(1.005, 2)', 1.01],
    ['round(1.2e-7)', 0],
    ['round(-1.25e-7, 8)', -1.3e-7],
    ['round(1e20, 2)', 1e20],
    ['round(1.5e300, 15)', 1.5e300],
    ['floor(-1.5)', -2],
    ['sort(["b", "a"])', ['a', 'b']],
    ['sort([])', []],
    ['unique([1, 1.0, "1", [1], [1]])', [1, '1', [1]]],
    ['flatten([1, [2, [3]]])', [1, 2, [3]]],
    ['flatten([1, [2, [3]]], 2)', [1, 2, 3]],
    ['slice("teapot", -3)', 'pot'],
    ['range(2, 8, 3)', [2, 5]],
    ['range(3, 0, -1)', [3, 2, 1]],
    ['chunk([], 2)', []],
    ['"a,b,,c".split(",", 2)', ['a', 'b,,c']],
    ['"aaa".replace("a", "$&", 2)', '$&$&a'],
    ['"ä€😀".size()', 3],
    ['"a😀b".substring(1, 2)', '😀'],
    ['"a😀b".indexOf("b")', 2],
    ['truncate("a😀b😀", 3)', 'a😀…'],
    ['truncate("abc", 3)', 'abc'],
    ['"\u00a0x\u2003".trim()', 'x'],
    ['json("é")', '"é"'],
    ['json({"b": 1, "a": [null]})', '{"b":1,"a":[null]}'],
    ['parse_json(json({"a": [1, null]}))', { a: [1, null] }],
    ['date(time("2026-12-31T23:30:00Z"), "Europe/Berlin")', '2027-01-01'],
    ['date("2026-01-01")', '2026-01-01'],
    ['time("2026-01-31T12:00:00.5+02:00")', '2026-01-31T10:00:00.500Z'],
    ["format_date('2026-03-29T01:30:00Z', \"HH:mm 'Uhr'\", 'Europe/Berlin')", '03:30 Uhr'],
    ['dur("1d12h")', '1d12h'],
    ['dur("0s")', '0s'],
    ['dur("500ms") + dur("500ms")', '1s'],
    ['hash({"b": 1, "a": 2}) == hash({"a": 2, "b": 1})', true],
    ['slug("  Ünïcode -- & more ")', 'unicode-more'],
    ['merge({"a": 1}, {"a": 2, "b": 3}, {})', { a: 2, b: 3 }],
  ])('%s = %j', (source, wanted) => {
    expect(value(source)).toEqual(wanted)
  })

  it.each([
    ['sum([1, "2"])', 'Sum takes numbers, but item 1 is text.'],
    ['sort([1, "2"])', 'Text cannot be compared with a number.'],
    ['sum("a")', 'Sum takes a list as "list", not text.'],
    ['["a", null].join()', 'Join takes texts and numbers, but item 1 is null.'],
    ['group_by([{"a": 1}], "b")', 'Item 0 has no field "b".'],
    ['group_by(["constructor"], x, x)', 'The key "constructor" is not allowed.'],
    ['parse_json("{")', /^The text is no JSON: /],
    ['time("tomorrow")', '"tomorrow" is no time such as 2026-01-31T09:30:00Z or 2026-01-31.'],
    ['time("2026-02-30")', '"2026-02-30" is no real time.'],
    ['dur("5")', '"5" is no duration such as 500ms, 30s or 1h30m.'],
    ['date("2026-01-01", "Mars/Base")', '"Mars/Base" is no time zone such as Europe/Berlin.'],
    ['format_date("2026-01-01", "YYYY")', /^"YYYY" is no part of a date/],
    ['"a".matches("a(")', /^"a\(" is no pattern: missing closing \)/],
    ['slice([1], 0.5)', 'Start must be a whole number, not 0.5.'],
    ['lenght([1])', 'There is no function "lenght".'],
    ['round(1, 2, 3)', 'Write round(number, digits?).'],
  ])('%s fails: %s', (source, message) => {
    expect(() => value(source)).toThrow(message)
  })
})
