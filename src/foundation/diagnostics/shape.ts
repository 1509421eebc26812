/** Diagnostics about the shape of a pipeline: keys, types and values that the language does not have. */
import { define } from './define.ts'

const write = (fix: string): string => `Write: ${fix}`

const stage = (...lines: string[]): string =>
  ['name: example', 'stages:', '  - id: first', ...lines.map((line) => `    ${line}`), ''].join('\n')

const top = (...lines: string[]): string =>
  ['name: example', ...lines, 'stages:', '  - id: first', '    transform: 1', ''].join('\n')

export const shapeDiagnostics = {
  unknown_key: define({
    severity: 'error',
    summary: 'A key is none of those that may stand here.',
    explanation:
      'Every key has an effect; a key that has none is refused, so that a slip cannot go unnoticed. Keys that start with `x-` are free at the top level and in stages.',
    wrong: stage('tranform: 1'),
    right: stage('transform: 1'),
    say: (key: string, place: string, near: string | undefined, hint: string | undefined) => ({
      message: `There is no key "${key}" in ${place}.`,
      hint: near ? `Did you mean "${near}"?` : hint,
    }),
  }),
  missing_key: define({
    severity: 'error',
    summary: 'A required key is missing.',
    explanation: 'Some keys have no default. The message names the key and where it belongs.',
    wrong: 'stages:\n  - id: first\n    transform: 1\n',
    right: stage('transform: 1'),
    say: (key: string, place: string) => ({
      message: `The key "${key}" is missing in ${place}.`,
      hint: `Add: ${key}: …`,
    }),
  }),
  wrong_type: define({
    severity: 'error',
    summary: 'A value is of another type than the key takes.',
    explanation: 'The message says what the key takes and what stands there.',
    wrong: stage('needs: 5', 'transform: 1'),
    right: stage('needs: []', 'transform: 1'),
    say: (key: string, expected: string, found: string, hint: string | undefined) => ({
      message: `${key} takes ${expected}, but here stands ${found}.`,
      hint,
    }),
  }),
  wrong_value: define({
    severity: 'error',
    summary: 'A value is of the right type but not one that the key takes.',
    explanation: 'The message says which values the key takes.',
    wrong: stage('join: all', 'transform: 1'),
    right: stage('join: all_done', 'transform: 1'),
    say: (message: string, hint: string | undefined) => ({ message, hint }),
  }),
  not_available_yet: define({
    severity: 'error',
    summary: 'A key, stage kind or value belongs to the language but not to this release.',
    explanation:
      'The language is larger than what this release does. What is not there yet is refused, never ignored: a pipeline that compiles does all it says.',
    wrong: stage('agent: { prompt: Hello }'),
    right: stage('transform: Hello'),
    say: (what: string) => ({
      message: `${what} is part of the language but not available yet in this release.`,
      hint: 'Remove it, or wait for a release that has it.',
    }),
  }),
  no_stage_kind: define({
    severity: 'error',
    summary: 'A stage does not say what it does.',
    explanation: 'A stage has exactly one key that names its kind, such as `run`, `http` or `transform`.',
    wrong: stage('title: Nothing'),
    right: stage('title: One', 'transform: 1'),
    say: (kinds: readonly string[]) => ({
      message: 'The stage does not say what it does: it has no key that names a kind.',
      hint: `Add one of: ${kinds.join(', ')}.`,
    }),
  }),
  several_stage_kinds: define({
    severity: 'error',
    summary: 'A stage names more than one kind.',
    explanation: 'A stage does one thing. Make two stages of it.',
    wrong: stage('transform: 1', 'run: echo hello'),
    right: 'name: example\nstages:\n  - id: first\n    transform: 1\n  - id: second\n    run: echo hello\n',
    say: (first: string, second: string) => ({
      message: `The stage has both "${first}" and "${second}"; a stage does one thing.`,
      hint: 'Make two stages of it.',
    }),
  }),
  bad_name: define({
    severity: 'error',
    summary: 'A name has characters that names may not have.',
    explanation:
      "A pipeline's name consists of lower-case letters, digits and underscores and starts with a letter. Names of inputs, variables, environment variables and secrets consist of letters, digits and underscores and do not start with a digit, because expressions read them.",
    wrong: 'name: My pipeline\nstages:\n  - id: first\n    transform: 1\n',
    right: 'name: my_pipeline\nstages:\n  - id: first\n    transform: 1\n',
    say: (name: string, what: string, allowed: string, fix: string | undefined) => ({
      message: `"${name}" is not a name for ${what}: ${allowed}.`,
      hint: fix && write(fix),
    }),
  }),
  bad_id: define({
    severity: 'error',
    summary: 'A stage id has characters that ids may not have.',
    explanation: 'An id consists of lower-case letters, digits and underscores and starts with a letter.',
    wrong: 'name: example\nstages:\n  - id: First Stage\n    transform: 1\n',
    right: 'name: example\nstages:\n  - id: first_stage\n    transform: 1\n',
    say: (id: string, fix: string | undefined) => ({
      message: `"${id}" is not an id: ids have lower-case letters, digits and underscores and start with a letter.`,
      hint: fix && write(fix),
    }),
  }),
  reserved_id: define({
    severity: 'error',
    summary: 'A stage id is a word with a meaning of its own.',
    explanation:
      'Words of the expression language, its type names, and names that the compiled graph uses itself cannot be ids.',
    wrong: 'name: example\nstages:\n  - id: run\n    transform: 1\n',
    right: 'name: example\nstages:\n  - id: run_it\n    transform: 1\n',
    say: (id: string, fix: string) => ({
      message: `"${id}" cannot be an id: the word has a meaning of its own.`,
      hint: write(fix),
    }),
  }),
  bad_duration: define({
    severity: 'error',
    summary: 'A duration is not written as one.',
    explanation: 'Durations are text with a unit: `500ms`, `30s`, `5m`, `2h`, `1d`, `1h30m`. Units are never guessed.',
    wrong: stage('timeout: 30', 'transform: 1'),
    right: stage('timeout: 30s', 'transform: 1'),
    say: (written: string, fix: string | undefined) => ({
      message: `${written} is not a duration: a number and a unit (ms, s, m, h, d), such as 30s or 1h30m.`,
      hint: fix && write(fix),
    }),
  }),
  braces_in_expression: define({
    severity: 'error',
    summary: '`${{ }}` stands around an expression that is bare.',
    explanation: '`if` and `that` always hold an expression, so `${{ }}` is not written there.',
    wrong: stage('if: ${{ true }}', 'transform: 1'),
    right: stage('if: true', 'transform: 1'),
    say: (key: string, fix: string) => ({
      message: `"${key}" always holds an expression; \${{ }} is not written around it.`,
      hint: write(fix),
    }),
  }),
  template_key: define({
    severity: 'error',
    summary: 'A key holds `${{ }}`.',
    explanation: 'Keys are never templates. To make a map with computed keys, use an expression for the whole map.',
    wrong: stage('transform: { "${{ run.id }}": 1 }'),
    right: stage(`transform: "\${{ {run.id: 1} }}"`),
    say: (key: string) => ({
      message: `The key "${key}" holds \${{ }}; keys are never templates.`,
      hint: 'Write the key out, or make the whole map with one expression.',
    }),
  }),
  template_not_allowed: define({
    severity: 'error',
    summary: '`${{ }}` stands where only a literal may stand.',
    explanation:
      'Names, ids, needs, joins, types and merge rules make the structure of the graph. They are fixed before anything runs, so they cannot be computed.',
    wrong: top('description: Run ${{ run.id }}'),
    right: top('description: Run something'),
    say: (key: string, why: string | undefined) => ({
      message: `${key} is fixed before the run starts; \${{ }} cannot stand here.`,
      hint: why ?? 'Write the value out.',
    }),
  }),
  expression_in_command: define({
    severity: 'error',
    summary: '`${{ }}` stands in the text of a command.',
    explanation:
      'A value that is pasted into a command text is run by the shell, whatever it holds. Pass it through `env:` and let the shell read the variable, in quotes.',
    wrong: stage('run: echo ${{ run.id }}'),
    right: stage('run: echo "$RUN_ID"', 'env: { RUN_ID: "${{ run.id }}" }'),
    say: (why: string) => ({ message: '${{ }} cannot stand in the text of a command.', hint: why }),
  }),
  empty_stages: define({
    severity: 'error',
    summary: 'A pipeline, or a list of stages in it, is empty.',
    explanation: 'A list without a stage would do nothing, so it is taken for a slip.',
    wrong: 'name: example\nstages: []\n',
    right: stage('transform: 1'),
    say: (what: string) => ({
      message: `${what} has at least one stage; this one has none.`,
      hint: 'Add a stage to the list.',
    }),
  }),
}
