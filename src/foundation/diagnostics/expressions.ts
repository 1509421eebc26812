/** Diagnostics about expressions. What the checker of expressions knows better is said in its words. */
import { define } from './define.ts'

const small = (line: string, head = 'inputs: { n: number, name: string }\n'): string =>
  `name: example\n${head}stages:\n  - id: work\n    ${line}\n`

const both = (line: string): string => `${small(line)}outputs: { n: "\${{ inputs.n }}", name: "\${{ inputs.name }}" }\n`

/** The checker's own words. */
const asSaid = (message: string, hint: string | undefined) => ({ message, hint })

const nearOr = (near: string | undefined, otherwise: string | undefined): string | undefined =>
  near === undefined ? otherwise : `Did you mean "${near}"?`

export const expressionDiagnostics = {
  expression_syntax: define({
    severity: 'error',
    summary: 'An expression is not written as CEL wants it.',
    explanation:
      'Expressions are written in CEL: names and fields, literals, `+ - * / %`, comparisons, `&& || !`, `a ? b : c`, `in`, lists, maps, functions, and macros such as `list.filter(x, x > 1)`.',
    wrong: both('transform: ${{ inputs.n + }}'),
    right: both('transform: ${{ inputs.n + 1 }}'),
    say: asSaid,
  }),

  unclosed_expression: define({
    severity: 'error',
    summary: 'A `${{` has no `}}` that closes it.',
    explanation:
      'An expression in a value begins with `${{` and ends with the `}}` that closes it; braces of maps and texts inside it do not count. For a literal `${{` write `$${{`.',
    wrong: both('transform: hello ${{ inputs.name'),
    right: both('transform: hello ${{ inputs.name }}'),
    say: (message: string) => ({ message, hint: 'Close it with }}, or write $${{ for a literal ${{.' }),
  }),

  unmarked_expression: define({
    severity: 'warning',
    summary: 'A text looks as if an expression was meant, but is written in another way.',
    explanation:
      'An expression in a value stands in `${{ … }}`. In quotes, `{{ inputs.x }}` and `${ inputs.x }` are plain text, and the text itself is what the stage gets.',
    wrong: both('transform: "Hello {{ inputs.name }}"'),
    right: both('transform: "Hello ${{ inputs.name }}"'),
    say: (written: string, meant: string) => ({
      message: `${written} is plain text here, no expression.`,
      hint: `Write: ${meant}`,
    }),
  }),

  expression_type: define({
    severity: 'error',
    summary: 'An operator, function or field is used on a value of the wrong type.',
    explanation:
      'The types of inputs, variables and outputs are declared, so an expression is checked before anything runs. It is refused when no value that its parts can have would work.',
    wrong: both('transform: ${{ inputs.name * 2 }}'),
    right: both('transform: ${{ inputs.n * 2 }}'),
    say: asSaid,
  }),

  expression_limit: define({
    severity: 'error',
    summary: 'An expression could cost more than is allowed.',
    explanation:
      'No expression may hang or exhaust a process: macros nest at most twice, `cel.bind` is refused, and each evaluation has a budget of steps. Larger computations belong into a TypeScript function, named by `uses:`.',
    wrong: small(
      'transform: ${{ inputs.a.map(x, inputs.a.map(y, inputs.a.map(z, x + y + z))) }}',
      'inputs: { a: "number[]" }\n',
    ),
    right: small('transform: ${{ inputs.a.map(x, inputs.a.map(y, x + y)) }}', 'inputs: { a: "number[]" }\n'),
    say: asSaid,
  }),

  unknown_name: define({
    severity: 'error',
    summary: 'An expression uses a name that does not exist.',
    explanation:
      'Expressions see `inputs`, `vars`, `stages`, `env` and `run`; `secrets`, `output` and `error` in some places; and the variables of their own macros.',
    wrong: both('transform: ${{ input.name }}'),
    right: both('transform: ${{ inputs.name }}'),
    say: (name: string, near: string | undefined, names: readonly string[]) => ({
      message: `There is nothing called "${name}" here.`,
      hint: nearOr(near, names.length === 0 ? undefined : `There are: ${names.join(', ')}.`),
    }),
  }),

  unknown_field: define({
    severity: 'error',
    summary: 'A field is read that the declared type does not have.',
    explanation:
      'A type that lists its fields has no others; `.?` does not help, since the field can never be there. Declare the field, or correct its name.',
    wrong: both('transform: ${{ inputs.nmae }}'),
    right: both('transform: ${{ inputs.name }}'),
    say: (message: string, near: string | undefined, names: readonly string[]) => ({
      message,
      hint: nearOr(
        near,
        names.length === 0
          ? 'It has no fields.'
          : `Its fields are: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}.`,
      ),
    }),
  }),

  unknown_function: define({
    severity: 'error',
    summary: 'An expression calls a function that does not exist.',
    explanation:
      'There are the functions and methods of CEL and those of the reference; nothing of JavaScript. What they cannot do belongs into a TypeScript function, named by `uses:`.',
    wrong: both('transform: ${{ inputs.name.toUpperCase() }}'),
    right: both('transform: ${{ inputs.name.upper() }}'),
    say: (name: string, near: string | undefined, hint: string | undefined) => ({
      message: `There is no function "${name}".`,
      hint: hint ?? nearOr(near, undefined),
    }),
  }),

  wrong_scope: define({
    severity: 'error',
    summary: 'A name is used where it has no value.',
    explanation:
      'Some names exist only in some places: `output` in `set:`, where the stage has one; `error` in the value of `on_error: { continue: … }`; others only in parts of the language that are about events, items or iterations.',
    wrong: small('if: output == 1\n    transform: 1', ''),
    right: small('transform: 1\n    if: run.pipeline == "example"', ''),
    say: asSaid,
  }),

  optional_operand: define({
    severity: 'error',
    summary: 'An operator works on something that may be absent.',
    explanation:
      'What `.?` gives may be nothing at all, and no operator works on nothing. Give it a default first: `coalesce(a.?b, 0) + 1`.',
    wrong: small('transform: ${{ inputs.who.?age + 1 }}', 'inputs: { who: { age?: number } }\n'),
    right: small('transform: ${{ coalesce(inputs.who.?age, 0) + 1 }}', 'inputs: { who: { age?: number } }\n'),
    say: asSaid,
  }),

  bad_pattern: define({
    severity: 'error',
    summary: 'A regular expression cannot be read.',
    explanation:
      'Patterns are RE2: linear in time, and so without backreferences and lookaround. A backslash in a CEL text is written twice, or in a raw text: `r"\\d+"`.',
    wrong: both('if: inputs.name.matches("(open")\n    transform: 1'),
    right: both('if: inputs.name.matches("(open)")\n    transform: 1'),
    say: asSaid,
  }),

  condition_not_boolean: define({
    severity: 'error',
    summary: 'A condition is neither true nor false.',
    explanation:
      'There is no truthiness: a text, a number or a list is no condition. Say what is asked: `inputs.name != ""`, `size(list) > 0`.',
    wrong: both('if: inputs.name\n    transform: 1'),
    right: both('if: inputs.name != ""\n    transform: 1'),
    say: (key: string, found: string) => ({
      message: `"${key}" has to be true or false, but this is ${found}.`,
      hint: 'Compare it with something, as in name != "" or count > 0.',
    }),
  }),

  null_in_text: define({
    severity: 'error',
    summary: 'Null is put into a text.',
    explanation:
      'Inside longer text an expression is rendered as text, and null has none. Give it a default: `coalesce(value, "none")`.',
    wrong: both('transform: "The value is ${{ null }}."'),
    right: both('transform: "The value is ${{ coalesce(inputs.name, \'none\') }}."'),
    say: () => ({
      message: 'This is null, which cannot be put into a text.',
      hint: 'Give it a default: coalesce(value, "none").',
    }),
  }),

  unchecked_read: define({
    severity: 'warning',
    summary: 'A field is read of something whose type is not known (only with `--strict`).',
    explanation:
      'Without a schema nothing below is checked, and a wrong name shows only when the pipeline runs. Declare `output:` on the stage, or the type of the input or variable.',
    wrong: `name: example
stages:
  - id: fetch
    http: { url: "https://api.example.com/" }
  - id: show
    transform: \${{ stages.fetch.output.name }}
`,
    right: `name: example
stages:
  - id: fetch
    http: { url: "https://api.example.com/" }
    output: { name: string }
  - id: show
    transform: \${{ stages.fetch.output.name }}
`,
    say: (what: string, fix: string) => ({
      message: `Nothing is known of ${what}, so this read is not checked.`,
      hint: fix,
    }),
  }),
}
