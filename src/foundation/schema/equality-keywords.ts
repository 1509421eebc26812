/**
 * `enum`, `const` and `uniqueItems` for Ajv, with our equality: Ajv's own calls `valueOf` and `toString` of the data when
 * it has fields of these names, and compares every item of a list with every other.
 */
import { _, type FuncKeywordDefinition } from 'ajv/dist/2020.js'
import { canonicalJson, type Json, jsonEqual } from '../json.ts'

export const equalityKeywords: readonly FuncKeywordDefinition[] = [
  {
    keyword: 'enum',
    schemaType: 'array',
    errors: false,
    error: {
      message: 'must be equal to one of the allowed values',
      params: ({ schemaCode }) => _`{allowedValues: ${schemaCode}}`,
    },
    compile: (allowed: readonly Json[]) => (found: Json) => allowed.some((each) => jsonEqual(each, found)),
  },
  {
    keyword: 'const',
    errors: false,
    error: { message: 'must be equal to constant' },
    compile: (wanted: Json) => (found: Json) => jsonEqual(wanted, found),
  },
  {
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    errors: false,
    error: { message: 'must NOT have duplicate items' },
    compile: (wanted: boolean) => (found: readonly Json[]) =>
      !wanted || new Set(found.map(canonicalJson)).size === found.length,
  },
]
