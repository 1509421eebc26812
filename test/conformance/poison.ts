/**
 * JSON that has brought serializers down: data in the shape of serialized classes, keys that reach prototypes, and
 * texts and numbers at the edges.
 */
import type { Json } from '../../src/foundation/json.ts'

/** Objects with such keys, made as `JSON.parse` makes them: own properties, whatever the key. */
const parsed = (text: string): Json => JSON.parse(text) as Json

export const poison: Readonly<Record<string, Json>> = {
  'a LangChain message (lc:1)': {
    lc: 1,
    type: 'constructor',
    id: ['langchain_core', 'messages', 'AIMessage'],
    kwargs: { content: 'hello' },
  },
  'an unknown lc:1 class': { lc: 1, type: 'constructor', id: ['evil', 'Class'], kwargs: {} },
  'an lc:1 secret': { lc: 1, type: 'secret', id: ['OPENAI_API_KEY'] },
  'an lc:1 not_implemented': { lc: 1, type: 'not_implemented', id: ['x'] },
  'an lc:2 undefined': { lc: 2, type: 'undefined' },
  'an lc:2 Set': { lc: 2, type: 'constructor', id: ['Set'], method: null, args: [[1, 2]], kwargs: {} },
  'an lc:2 Error': { lc: 2, type: 'constructor', id: ['Error'], args: ['boom'] },
  'an lc:2 RegExp': { lc: 2, type: 'constructor', id: ['RegExp'], args: ['(a+)+$', ''] },
  'an lc:2 delta snapshot': { lc: 2, type: 'delta_snapshot', value: [1] },
  'the fields of a Send': { lg_name: 'Send', node: 'x', args: { y: 1 } },
  'the fields of a Command': { lg_name: 'Command', update: {}, resume: 1, goto: [] },
  'the fields of a DeltaSnapshot': { lg_name: 'DeltaSnapshot', value: 1 },
  'our envelope': { $lg: ['undefined'] },
  'our envelope around a Send': { $lg: ['send', { node: 'x', args: null }] },
  'our envelope around itself': { $lg: ['object', { $lg: ['undefined'] }], other: [{ $lg: 1 }] },
  'a __proto__ key': parsed('{"__proto__":{"polluted":true},"a":1}'),
  'a nested __proto__ key': parsed('[{"x":{"__proto__":null}}]'),
  'a constructor key': parsed('{"constructor":{"prototype":{"polluted":true}}}'),
  'a toJSON key': { toJSON: 'not a function' },
  'numeric keys': parsed('{"2":"b","10":"c","1":"a"}'),
  'an empty key': { '': '' },
  'keys with NUL, quotes and emoji': { 'a\u0000b': 1, '"': 2, '\u{1f375}': 3 },
  'lone surrogates': ['\ud800', '\udfff\ud800', { '\ud800': 'x' }],
  'NUL and line separators': 'a\u0000b\u2028\u2029\ufeff',
  'the numbers at the edges': [5e-324, 1.7976931348623157e308, 9007199254740993, -1, 0.1, 1e21],
  'null in all places': [null, { a: null }, [null]],
  'empty things': [{}, [], ''],
  'a date as text': '2026-01-01T00:00:00.000Z',
  'a deep value': deep(150),
  'a long text': 'x'.repeat(100_000),
}

function deep(levels: number): Json {
  let value: Json = 'bottom'
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { in: value }
  return value
}
