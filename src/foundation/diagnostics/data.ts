/** Diagnostics about data: variables, values that do not fit their schema, inputs, environment, secrets. */
import { define } from './define.ts'

const nearOr = (near: string | undefined, otherwise: string): string =>
  near === undefined ? otherwise : `Did you mean "${near}"?`

export const dataDiagnostics = {
  unknown_variable: define({
    severity: 'error',
    summary: 'A stage sets a variable that is not declared.',
    explanation:
      'Each variable is one channel of the graph and is declared under `vars:` with its type and the rule by which several values become one.',
    wrong: `name: report
vars: { draft: { type: string } }
stages:
  - id: write
    run: echo text
    set: { darft: "\${{ output }}" }
outputs: { draft: "\${{ vars.draft }}" }
`,
    right: `name: report
vars: { draft: { type: string } }
stages:
  - id: write
    run: echo text
    set: { draft: "\${{ output }}" }
outputs: { draft: "\${{ vars.draft }}" }
`,
    say: (name: string, near: string | undefined) => ({
      message: `There is no variable "${name}".`,
      hint: nearOr(near, `Declare it under vars, as in "${name}: { type: string }".`),
    }),
  }),

  value_mismatch: define({
    severity: 'error',
    summary: 'A value cannot fit the schema that is declared for its place.',
    explanation:
      'The type of a value is worked out from what is declared: inputs, variables, outputs of stages. It is refused when no value that it can have would pass the schema: the value of `set` against its variable, of `on_error: { continue: … }` against the `output:` of its stage, of `with` against the function.',
    wrong: `name: report
inputs: { topic: string }
vars: { total: { type: number, default: 0 } }
stages:
  - id: count
    transform: 1
    set: { total: "\${{ inputs.topic }}" }
outputs: { total: "\${{ vars.total }}" }
`,
    right: `name: report
inputs: { topic: string }
vars: { total: { type: number, default: 0 } }
stages:
  - id: count
    transform: 1
    set: { total: "\${{ inputs.topic.size() }}" }
outputs: { total: "\${{ vars.total }}" }
`,
    say: (what: string, problem: string, hint: string | undefined) => ({
      message: `${what} does not fit: ${problem}.`,
      hint,
    }),
  }),

  bad_default: define({
    severity: 'error',
    summary: 'A default does not fit its own schema.',
    explanation: 'The default of an input or variable is a value like any other and has to pass the schema beside it.',
    wrong: `name: report
inputs: { depth: { type: integer, minimum: 1, default: 0 } }
stages:
  - id: write
    transform: \${{ inputs.depth }}
`,
    right: `name: report
inputs: { depth: { type: integer, minimum: 1, default: 1 } }
stages:
  - id: write
    transform: \${{ inputs.depth }}
`,
    say: (name: string, problem: string) => ({
      message: `The default of "${name}" does not fit its schema: ${problem}.`,
      hint: 'Change the default or the schema.',
    }),
  }),

  merge_mismatch: define({
    severity: 'error',
    summary: 'The merge rule of a variable does not work on its type.',
    explanation:
      '`append` and `union` put lists together, `sum` adds numbers, `min` and `max` compare numbers or texts, `merge` puts maps together; `last` and `first` take any type. For everything else there are reducers: `merge: ./reducers.ts#name`.',
    wrong: `name: report
vars: { notes: { type: string, merge: append } }
stages:
  - id: write
    run: echo text
    set: { notes: "\${{ output }}" }
outputs: { notes: "\${{ vars.notes }}" }
`,
    right: `name: report
vars: { notes: { type: "string[]", merge: append } }
stages:
  - id: write
    run: echo text
    set: { notes: ["\${{ output }}"] }
outputs: { notes: "\${{ vars.notes }}" }
`,
    say: (name: string, merge: string, wanted: string, found: string, fix: string) => ({
      message: `"merge: ${merge}" works on ${wanted}, but "${name}" is ${found}.`,
      hint: fix,
    }),
  }),

  unused_input: define({
    severity: 'warning',
    summary: 'An input is declared and never read.',
    explanation: 'Whoever starts the pipeline has to give it for nothing. Remove it, or read it as `inputs.<name>`.',
    wrong: `name: report
inputs: { topic: string, depth: { type: integer, default: 3 } }
stages:
  - id: write
    transform: \${{ inputs.topic }}
`,
    right: `name: report
inputs: { topic: string }
stages:
  - id: write
    transform: \${{ inputs.topic }}
`,
    say: (name: string) => ({
      message: `The input "${name}" is never read.`,
      hint: `Read it as inputs.${name}, or remove it.`,
    }),
  }),

  unused_variable: define({
    severity: 'warning',
    summary: 'A variable is declared and never read.',
    explanation:
      'A variable carries a value from the stages that set it to those that read it as `vars.<name>`, or to `outputs:`. Nothing reads this one.',
    wrong: `name: report
vars: { draft: { type: string } }
stages:
  - id: write
    run: echo text
    set: { draft: "\${{ output }}" }
`,
    right: `name: report
vars: { draft: { type: string } }
stages:
  - id: write
    run: echo text
    set: { draft: "\${{ output }}" }
outputs: { draft: "\${{ vars.draft }}" }
`,
    say: (name: string, isSet: boolean) => ({
      message: `The variable "${name}" is ${isSet ? 'set, but never read' : 'neither set nor read'}.`,
      hint: `Read it as vars.${name}, give it out under outputs, or remove it.`,
    }),
  }),

  secret_not_allowed: define({
    severity: 'error',
    summary: 'A secret stands where it would be stored.',
    explanation:
      'A secret is resolved at the moment of use and kept out of everything stored. So it may stand only where a value is used and never recorded: in the `env` and `stdin` of `run`, in the `headers`, `auth`, `json` and `body` of `http`, and in those fields of `with` that a function marks as secret.',
    wrong: `name: report
secrets: [TOKEN]
stages:
  - id: fetch
    http: { url: "https://api.example.com/?token=\${{ secrets.TOKEN }}" }
`,
    right: `name: report
secrets: [TOKEN]
stages:
  - id: fetch
    http: { url: "https://api.example.com/", headers: { Authorization: "Bearer \${{ secrets.TOKEN }}" } }
`,
    say: (name: string | undefined, place: string) => ({
      message: `${name === undefined ? 'Secrets' : `The secret "${name}"`} may not stand in ${place}.`,
      hint: 'Secrets may stand in the env and stdin of run, in the headers, auth, json and body of http, and in fields of "with" that a function marks as secret.',
    }),
  }),

  undeclared_secret: define({
    severity: 'error',
    summary: 'A secret is used that the pipeline does not declare.',
    explanation:
      'A pipeline says under `secrets:` what it uses, so that a run can check before its first effect that every secret is there, and so that nothing else is ever handed to it.',
    wrong: `name: report
secrets: [CMS_TOKEN]
stages:
  - id: publish
    run: ./publish.sh
    env: { TOKEN: "\${{ secrets.CMS_TOKE }}" }
`,
    right: `name: report
secrets: [CMS_TOKEN]
stages:
  - id: publish
    run: ./publish.sh
    env: { TOKEN: "\${{ secrets.CMS_TOKEN }}" }
`,
    say: (name: string, near: string | undefined) => ({
      message: `The secret "${name}" is not declared.`,
      hint: nearOr(near, `Add ${name} to secrets.`),
    }),
  }),

  undeclared_env: define({
    severity: 'error',
    summary: 'An environment variable is read that the pipeline does not declare.',
    explanation:
      'A pipeline says under `env:` which environment variables it reads. They are looked up once, when the run starts, and stay the same when it is resumed elsewhere.',
    wrong: `name: report
stages:
  - id: write
    transform: \${{ env.REPORT_DIR }}
`,
    right: `name: report
env: [REPORT_DIR]
stages:
  - id: write
    transform: \${{ env.REPORT_DIR }}
`,
    say: (name: string, near: string | undefined) => ({
      message: `The environment variable "${name}" is not declared.`,
      hint: nearOr(near, `Add ${name} to env.`),
    }),
  }),
}
