/** Diagnostics about schemas: of inputs, variables, types and outputs. */
import { define } from './define.ts'

const inputs = (text: string): string =>
  `name: example\ninputs: ${text}\nstages:\n  - id: first\n    transform: \${{ json(inputs) }}\n`
const types = (text: string): string => `name: example\ntypes: ${text}\nstages:\n  - id: first\n    transform: 1\n`

export const schemaDiagnostics = {
  bad_schema: define({
    severity: 'error',
    summary: 'A keyword of a schema has a value that it cannot have.',
    explanation:
      'Schemas are checked when the pipeline is compiled, keyword by keyword, so that no run meets a schema that means nothing. Patterns are RE2 regular expressions: no look-around, no back-references, but never slow.',
    wrong: inputs('{ n: { type: integer, minimum: one } }'),
    right: inputs('{ n: { type: integer, minimum: 1 } }'),
    say: (message: string) => ({ message }),
  }),
  unknown_type: define({
    severity: 'error',
    summary: 'A schema names a type that is neither one of JSON nor declared under `types:`.',
    explanation:
      'Types are `string number integer boolean object array null any`, the names under `types:`, lists of them (`"string[]"`) and nullable ones (`string?`).',
    wrong: inputs('{ n: int }'),
    right: inputs('{ n: integer }'),
    say: (name: string, near: string | undefined) => ({
      message: `There is no type "${name}".`,
      hint: near === undefined ? 'Declare it under types:, or use a type of JSON.' : `Did you mean "${near}"?`,
    }),
  }),
  mixed_schema: define({
    severity: 'error',
    summary: 'A map is half JSON Schema, half a list of fields.',
    explanation:
      'A map with `type: object` (or another type, `enum`, `const`, `anyOf` …) is JSON Schema, and then all its keys are keywords. A map of fields has none of these. What was meant decides which form to use.',
    wrong: types('{ Report: { type: object, score: number } }'),
    right: types('{ Report: { type: object, properties: { score: { type: number } } } }'),
    say: (key: string, near: string | undefined) => ({
      message: `"${key}" is no keyword of JSON Schema.`,
      hint:
        near === undefined
          ? `If it is a field, write { type: object, properties: { ${key}: … } }, or leave out "type".`
          : `Did you mean "${near}"?`,
    }),
  }),
  type_cycle: define({
    severity: 'error',
    summary: 'A named type holds itself.',
    explanation:
      'Named types are put in where they are used, so a type that holds itself would never end. Use `any` for the part that repeats.',
    wrong: types('{ Tree: { left: Tree } }'),
    right: types('{ Tree: { left: any } }'),
    say: (cycle: string) => ({
      message: `A type holds itself: ${cycle}.`,
      hint: 'Use "any" for the part that repeats.',
    }),
  }),
  bad_type_name: define({
    severity: 'error',
    summary: 'The name of a type does not begin with a capital letter.',
    explanation:
      'Names of types begin with a capital letter, so that they are never mistaken for a type of JSON or a field.',
    wrong: types('{ source: { url: string } }'),
    right: types('{ Source: { url: string } }'),
    say: (name: string) => ({
      message: `"${name}" cannot be the name of a type.`,
      hint: /^[a-z]\w*$/.test(name)
        ? `Write "${name[0]?.toUpperCase()}${name.slice(1)}".`
        : 'A name begins with a capital letter and goes on with letters, digits and underscores.',
    }),
  }),
}
