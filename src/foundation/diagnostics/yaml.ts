/**
 * Diagnostics about YAML itself: limits, syntax, and the traps in which YAML reads something else than what was meant.
 *
 * `fix` is always the text to write instead, ready to be copied.
 */
import type { Span } from '../source.ts'
import { define } from './define.ts'

const write = (fix: string): string => `Write: ${fix}`

/** A small whole pipeline around one line of its only stage. */
const stage = (...lines: string[]): string =>
  ['name: example', 'stages:', '  - id: first', ...lines.map((line) => `    ${line}`), ''].join('\n')

/** A small whole pipeline with lines of its own at the top. */
const top = (...lines: string[]): string =>
  ['name: example', ...lines, 'stages:', '  - id: first', '    transform: 1', ''].join('\n')

export const yamlDiagnostics = {
  file_too_large: define({
    severity: 'error',
    summary: 'The pipeline file is larger than 4 MB.',
    explanation:
      'A pipeline is a text that people read. Limits on its size, its number of values and its nesting are checked before it is parsed, so that no file can exhaust the process. Move large data into a file of its own and read it with a stage.',
    wrong: stage('transform: …4 MB of text…'),
    right: stage('uses: fs/read', 'with: { path: data.txt }'),
    say: (bytes: number, limit: number) => ({
      message: `The file has ${bytes} bytes; at most ${limit} are read.`,
      hint: 'Move large data into a file of its own and read it with a stage.',
    }),
  }),
  too_many_nodes: define({
    severity: 'error',
    summary: 'The pipeline holds more than 400,000 YAML values.',
    explanation:
      'Keys, values, lists and maps all count. The limit is checked while the text is read, before anything is built. Move large data into a file of its own and read it with a stage.',
    wrong: stage('transform: […400,000 values…]'),
    right: stage('uses: fs/read', 'with: { path: data.json }'),
    say: (limit: number) => ({
      message: `The file holds more than ${limit} values.`,
      hint: 'Move large data into a file of its own and read it with a stage.',
    }),
  }),
  nested_too_deep: define({
    severity: 'error',
    summary: 'Lists and maps nest more than 100 levels deep.',
    explanation:
      'No pipeline needs a hundred levels; deeper nesting is a mistake or an attack on the parser, so it is refused before the text is parsed.',
    wrong: stage(`transform: ${'['.repeat(101)}${']'.repeat(101)}`),
    right: stage('transform: [[1]]'),
    say: (limit: number) => ({
      message: `Lists and maps nest more than ${limit} levels deep here.`,
      hint: 'Make the structure flatter, or move the data into a file of its own.',
    }),
  }),
  too_many_aliases: define({
    severity: 'error',
    summary: 'Aliases would make the pipeline too large, or there are too many of them.',
    explanation:
      'An alias stands for all that its anchor holds, so aliases of aliases grow without bound ("billion laughs"). At most 50,000 aliases may be written; what they stand for may hold at most 400,000 values, and what aliases inside of it stand for at most 10,000.',
    wrong: top(
      'x-a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]',
      'x-b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]',
      'x-c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]',
      'x-d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]',
      'outputs: { all: [*d, *d] }',
    ),
    right: top('x-a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]', 'outputs: { all: [*a, *a] }'),
    say: (limit: number) => ({
      message: `With its aliases written out the file is too large: the limit is ${limit}.`,
      hint: 'Use fewer aliases, or move the data into a file of its own.',
    }),
  }),
  alias_cycle: define({
    severity: 'error',
    summary: 'An alias stands inside the value of its own anchor.',
    explanation: 'A value that contains itself has no end. Give the inner value a name of its own, or write it out.',
    wrong: stage('transform: &all [1, *all]'),
    right: stage('transform: [1, 2]'),
    say: (name: string) => ({
      message: `"*${name}" stands inside the value that "&${name}" names, so the value would contain itself.`,
      hint: 'Write the value out here.',
    }),
  }),
  unknown_alias: define({
    severity: 'error',
    summary: 'An alias names an anchor that does not exist above it.',
    explanation: '`*name` stands for the value that was marked with `&name` further up in the same file.',
    wrong: stage('transform: [&one 1, *two]'),
    right: stage('transform: [&one 1, *one]'),
    say: (name: string, near: string | undefined, quoted: string) => ({
      message: `There is no anchor "&${name}" above this alias.`,
      hint: near ? `Did you mean "*${near}"?` : `If it is meant as text, quote it: ${quoted}`,
    }),
  }),
  yaml_syntax: define({
    severity: 'error',
    summary: 'The text is not YAML.',
    explanation:
      'The message says what the parser met. The usual causes: a value with `: ` or ` #` in it that needs quotes, a quote or bracket that is not closed, an indentation that does not match the lines above.',
    wrong: stage('title: Note: this', 'transform: 1'),
    right: stage('title: "Note: this"', 'transform: 1'),
    say: (what: string, hint: string | undefined) => ({ message: what, hint }),
  }),
  several_documents: define({
    severity: 'error',
    summary: 'The file holds more than one YAML document.',
    explanation: 'A file holds one pipeline. A line `---` starts another document; put it into a file of its own.',
    wrong: `${stage('transform: 1')}---\n${stage('transform: 2')}`,
    right: stage('transform: 1'),
    say: () => ({
      message: 'A second YAML document starts here; a file holds one pipeline.',
      hint: 'Remove the line `---`, or put what follows into a file of its own.',
    }),
  }),
  tab_indentation: define({
    severity: 'error',
    summary: 'A line is indented with a tab.',
    explanation: 'YAML does not allow tabs in indentation, because their width is not defined. Use spaces.',
    wrong: 'name: example\nstages:\n\t- id: first\n\t  transform: 1\n',
    right: stage('transform: 1'),
    say: () => ({
      message: 'A tab stands in the indentation; YAML allows only spaces there.',
      hint: 'Replace it with spaces, here and in the lines below.',
    }),
  }),
  duplicate_key: define({
    severity: 'error',
    summary: 'A key stands twice in one map.',
    explanation: 'YAML parsers keep the last of equal keys silently; here that is an error, so that nothing gets lost.',
    wrong: stage('transform: 1', 'transform: 2'),
    right: stage('transform: 2'),
    say: (key: string, first: Span) => ({
      message: `The key "${key}" stands twice in this map.`,
      hint: 'Remove one of them.',
      related: [{ message: `"${key}" stands here first.`, span: first }],
    }),
  }),
  yaml_tag: define({
    severity: 'error',
    summary: 'A value starts with `!`, which is a tag in YAML.',
    explanation:
      'Pipelines use no YAML tags. An expression such as `!inputs.dry_run` starts with `!` and must stand in quotes, or YAML takes its beginning for a tag and drops it.',
    wrong: stage('if: !false', 'transform: 1'),
    right: stage('if: "!false"', 'transform: 1'),
    say: (tag: string, fix: string) => ({
      message: `YAML reads "${tag}" as a tag; pipelines have none.`,
      hint: write(fix),
    }),
  }),
  unquoted_template: define({
    severity: 'error',
    summary: '`{{ x }}` without `$` and quotes is a map in YAML.',
    explanation: 'An expression is written `${{ … }}`. `{{ x }}` is YAML for a map whose key is a map.',
    wrong: stage('transform: {{ run.id }}'),
    right: stage('transform: ${{ run.id }}'),
    say: (fix: string) => ({
      message: 'YAML reads "{{ … }}" as a map; an expression is written "${{ … }}".',
      hint: write(fix),
    }),
  }),
  unquoted_expression: define({
    severity: 'error',
    summary: 'A value with `${{ }}` holds `: `, which YAML reads as a key.',
    explanation:
      'In a value without quotes `: ` separates a key from a value, also inside `${{ }}`: `${{ a ? b : c }}`, `${{ {"k": v} }}` and `${{ \'a: b\' }}` need quotes around the whole value.',
    wrong: stage('transform: ${{ true ? 1 : 2 }}'),
    right: stage('transform: "${{ true ? 1 : 2 }}"'),
    say: (fix: string) => ({
      message: 'YAML reads the ": " in this expression as the end of a key.',
      hint: write(fix),
    }),
  }),
  expression_in_flow: define({
    severity: 'error',
    summary: 'An expression without quotes stands inside `[ ]` or `{ }`.',
    explanation:
      'Inside `[ ]` and `{ }` the characters `, [ ] { }` belong to YAML, so expressions that hold them need quotes there. `${{ }}` always does.',
    wrong: stage('transform: [${{ 1 + 1 }}]'),
    right: stage('transform: ["${{ 1 + 1 }}"]'),
    say: (fix: string) => ({
      message: 'Inside [ ] and { } YAML takes the brackets and commas of this expression for its own.',
      hint: write(fix),
    }),
  }),
  comment_in_expression: define({
    severity: 'error',
    summary: 'A comment swallows an expression.',
    explanation:
      'In a value without quotes ` #` starts a comment, so `issue #${{ n }}` is only "issue". Quote the value; a real comment with `${{` in it goes on a line of its own.',
    wrong: stage('transform: issue #${{ run.id }}'),
    right: stage('transform: "issue #${{ run.id }}"'),
    say: (fix: string) => ({
      message: 'YAML reads everything from " #" on as a comment, the expression included.',
      hint: `${write(fix)}\nIf it is a comment, put it on a line of its own.`,
    }),
  }),
  expression_starts_with_quote: define({
    severity: 'error',
    summary: 'An expression starts with a quote, so YAML ends the value at the second quote.',
    explanation:
      'A value that starts with a quote is a quoted text in YAML and ends with the next quote. Put the whole expression into quotes of the other sort.',
    wrong: stage("if: 'a' == run.id", 'transform: 1'),
    right: stage(`if: "'a' == run.id"`, 'transform: 1'),
    say: (fix: string) => ({
      message: 'The value starts with a quote, so YAML ends it at the next quote and cannot read the rest.',
      hint: write(fix),
    }),
  }),
  quoted_command: define({
    severity: 'error',
    summary: 'A command without quotes around it holds `: `, which YAML reads as a key.',
    explanation:
      'Quotes in the middle of a value, with or without a backslash, mean nothing to YAML: in `run: echo "a: b"` the `: ` still ends a key. Put the command into a block (`run: |`) or into quotes.',
    wrong: stage('run: echo \\"a: b\\"'),
    right: stage('run: |', '  echo "a: b"'),
    say: (fix: string) => ({
      message: 'YAML reads the ": " in this command as the end of a key; quotes inside a value do not protect it.',
      hint: write(fix),
    }),
  }),
  alias_for_text: define({
    severity: 'error',
    summary: 'A text starts with `*`, which is an alias in YAML.',
    explanation: 'A value that starts with `*`, such as a glob or a cron text, must stand in quotes.',
    wrong: stage('transform: */5 * * * *'),
    right: stage('transform: "*/5 * * * *"'),
    say: (fix: string) => ({
      message: 'YAML reads a value that starts with "*" as an alias.',
      hint: write(fix),
    }),
  }),
  list_type_in_flow: define({
    severity: 'error',
    summary: 'A list type such as `Source[]` stands without quotes inside `{ }` or `[ ]`.',
    explanation: 'Inside `{ }` and `[ ]` the brackets of `string[]` belong to YAML. Quote the type there.',
    wrong: stage('output: { names: string[] }', 'transform: { names: [a] }'),
    right: stage('output: { names: "string[]" }', 'transform: { names: [a] }'),
    say: (fix: string) => ({
      message: 'Inside { } and [ ] YAML takes the brackets of this type for a list.',
      hint: write(fix),
    }),
  }),
  number_for_text: define({
    severity: 'error',
    summary: 'YAML reads a text as a number and changes it.',
    explanation:
      'Without quotes `1.10` is the number 1.1, `12e4567` is infinite, `007` is 7, and long digits lose their end. Where a text is wanted, and where a number cannot be kept as it is written, quotes are needed.',
    wrong: top('version: 1.10'),
    right: top('version: "1.10"'),
    say: (written: string, read: string, fix: string) => ({
      message: `YAML reads ${written} as the number ${read}.`,
      hint: `If it is text, quote it: ${fix}`,
    }),
  }),
  hyphen_in_id: define({
    severity: 'error',
    summary: 'A stage id holds a hyphen.',
    explanation:
      'Ids stand in expressions, where a hyphen is a minus: `stages.fetch-data.output` is a subtraction. Use an underscore.',
    wrong: 'name: example\nstages:\n  - id: fetch-data\n    transform: 1\n',
    right: 'name: example\nstages:\n  - id: fetch_data\n    transform: 1\n',
    say: (id: string, fix: string) => ({
      message: `The id "${id}" holds a hyphen; in expressions that is a minus.`,
      hint: write(fix),
    }),
  }),
  boolean_word: define({
    severity: 'error',
    summary: '`yes`, `no`, `on` or `off` stands where a boolean is wanted.',
    explanation: 'In YAML 1.2 only `true` and `false` are booleans; the other words are text.',
    wrong: stage('retry: { jitter: yes }', 'transform: 1'),
    right: stage('retry: { jitter: true }', 'transform: 1'),
    say: (word: string, fix: string) => ({
      message: `"${word}" is text in YAML 1.2, not a boolean.`,
      hint: write(fix),
    }),
  }),
  forbidden_key: define({
    severity: 'error',
    summary: 'A key is one that would reach a prototype in JavaScript.',
    explanation: '`__proto__`, `constructor` and `prototype` never enter state, so no map in a pipeline may hold them.',
    wrong: stage('transform: { __proto__: 1 }'),
    right: stage('transform: { proto: 1 }'),
    say: (key: string) => ({
      message: `The key "${key}" is not allowed anywhere in a pipeline.`,
      hint: 'Use another name.',
    }),
  }),
}
