/** Methods of optionals: what `.?` and `[?…]` give. */
import { optionalOf, type Type, types, union } from '../schema-types.ts'
import { anyKind, Optional, type Plain, type Value } from '../values.ts'
import { type Argument, defineFunction, param, Refused } from './define.ts'

const group = 'optionals'

/** The type of what is inside, without the optional around it. */
const inner = (argument: Argument | undefined): Type => {
  const type = argument?.type ?? types.any
  return { kinds: type.kinds, schema: type.schema, root: type.root }
}

const held = (value: Value): Plain | undefined => (value instanceof Optional ? value.value : value)

export const optionalFunctions = [
  defineFunction<[Value]>({
    name: 'hasValue',
    form: 'method',
    group,
    optionals: true,
    params: [param('optional', anyKind)],
    returns: types.boolean,
    run: ([optional]) => held(optional) !== undefined,
    doc: 'Whether an optional holds a value.',
    example: 'dyn({"a": 1}).?b.hasValue()',
    result: false,
  }),
  defineFunction<[Value]>({
    name: 'value',
    form: 'method',
    group,
    optionals: true,
    params: [param('optional', anyKind)],
    returns: ([optional]) => inner(optional),
    run: ([optional]) => {
      const value = held(optional)
      if (value === undefined) throw new Refused('the optional holds no value')
      return value
    },
    doc: 'The value of an optional; an error if it holds none.',
    example: '{"a": 1}.?a.value()',
    result: 1,
  }),
  defineFunction<[Value, Value]>({
    name: 'or',
    form: 'method',
    group,
    optionals: true,
    params: [param('optional', anyKind), param('other', anyKind)],
    returns: ([a, b]) => optionalOf(union(inner(a), inner(b))),
    run: ([optional, other]) => (held(optional) === undefined ? other : optional),
    doc: 'The optional if it holds a value, else another optional.',
    example: 'dyn({"a": 1}).?b.or({"a": 1}.?a)',
    result: 1,
  }),
  defineFunction<[Value, Plain]>({
    name: 'orValue',
    form: 'method',
    group,
    optionals: true,
    params: [param('optional', anyKind), param('default', anyKind)],
    returns: ([a, b]) => union(inner(a), b?.type ?? types.any),
    run: ([optional, other]) => held(optional) ?? (held(optional) === undefined ? other : null),
    doc: 'The value of an optional, or a default if it holds none. (`coalesce` looks through null too.)',
    example: 'dyn({"a": 1}).?b.orValue(2)',
    result: 2,
  }),
]
