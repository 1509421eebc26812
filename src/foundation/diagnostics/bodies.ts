/** Diagnostics about stages inside stages: what may stand there, what can be seen from where, and other pipelines. */
import type { Span } from '../source.ts'
import { define } from './define.ts'

const arrows = (path: readonly string[]): string => path.join(' → ')

const pipeline = (...lines: string[]): string => ['name: example', ...lines, ''].join('\n')

const each = (body: readonly string[], ...below: string[]): string =>
  pipeline('stages:', '  - id: lengths', '    foreach: [tea, coffee]', ...body.map((line) => `    ${line}`), ...below)

const again = (conditions: string): string =>
  pipeline(
    'stages:',
    '  - id: grow',
    `    loop: { ${conditions}, max: 3 }`,
    '    stages:',
    '      - id: step',
    '        transform: 1',
  )

const measured = ['stages:', '  - id: length', '    transform: ${{ size(item) }}']

export const bodyDiagnostics = {
  not_on_body: define({
    severity: 'error',
    summary: 'A key stands on a stage with stages inside, or on a stage inside another, and means nothing there.',
    explanation:
      'Stages with stages inside do nothing themselves, so there is no attempt to repeat and no effect to name: `retry`, `once` and `idempotency_key` belong on the stages inside. Checkpoints of LangGraph lie between the stages of the pipeline itself, so `checkpoint` stands on those that have no stages inside and stand in no other.',
    wrong: each(['retry: { attempts: 2 }', ...measured]),
    right: each([...measured, '    retry: { attempts: 2 }']),
    say: (key: string, where: string, hint: string) => ({ message: `"${key}" means nothing on ${where}.`, hint }),
  }),

  loop_condition: define({
    severity: 'error',
    summary: 'A loop has none or both of `while` and `until`.',
    explanation:
      'A loop ends when `until` is true, asked after an iteration, or when `while` is false, asked before one. It has exactly one of the two, and `max` besides.',
    wrong: again('while: "true", until: "true"'),
    right: again('until: stages.step.output == 1'),
    say: (both: boolean) => ({
      message: both ? 'A loop has "while" or "until", not both.' : 'The loop does not say when it ends.',
      hint: both ? 'Remove one of the two.' : 'Add "until", asked after an iteration, or "while", asked before one.',
    }),
  }),

  else_not_last: define({
    severity: 'error',
    summary: 'An `else` stands before another case of a `switch`.',
    explanation:
      'Cases are asked from top to bottom, and `else` is taken whenever it is reached, so a case below it would never be.',
    wrong: pipeline(
      'stages:',
      '  - id: pick',
      '    switch:',
      '      - else: [{ id: other, transform: 1 }]',
      '      - { when: run.id == "x", stages: [{ id: one, transform: 2 }] }',
    ),
    right: pipeline(
      'stages:',
      '  - id: pick',
      '    switch:',
      '      - { when: run.id == "x", stages: [{ id: one, transform: 2 }] }',
      '      - else: [{ id: other, transform: 1 }]',
    ),
    say: () => ({
      message: 'The cases below this "else" would never be taken.',
      hint: 'Let there be one "else", and move it to the end.',
    }),
  }),

  name_taken: define({
    severity: 'error',
    summary: 'The name of an item has another meaning here.',
    explanation:
      'Expressions in a `foreach` read the item by the name in `as`, or by `item`. A foreach inside another needs another name, or one of the two items could not be read; names of the language (`inputs`, `index`, …) cannot be names of items.',
    wrong: each([
      'stages:',
      '  - id: letters',
      '    foreach: ${{ item.split("") }}',
      '    stages:',
      '      - id: letter',
      '        transform: ${{ item }}',
    ]),
    right: each([
      'stages:',
      '  - id: letters',
      '    foreach: ${{ item.split("") }}',
      '    as: character',
      '    stages:',
      '      - id: letter',
      '        transform: ${{ character }}',
    ]),
    say: (name: string, why: string, fix: string) => ({
      message: `An item cannot be called "${name}" here: ${why}.`,
      hint: `Write: as: ${fix}`,
    }),
  }),

  need_elsewhere: define({
    severity: 'error',
    summary: 'A stage needs a stage of another list.',
    explanation:
      'Stages wait for stages of their own list. A stage inside another starts after everything that the outer one waits for, so nothing further has to be said; and what stands inside another stage is done when that stage is.',
    wrong: each(measured, '  - id: show', '    needs: [length]', '    transform: 1'),
    right: each(measured, '  - id: show', '    needs: [lengths]', '    transform: 1'),
    say: (name: string, hint: string) => ({ message: `"${name}" stands in another list of stages.`, hint }),
  }),

  stage_inside_body: define({
    severity: 'error',
    summary: 'An expression reads a stage that stands inside another one.',
    explanation:
      'What happens inside a stage happens once per item or iteration, or perhaps not at all. From outside, a body is seen only through the stage that holds it: by its `output`, which is the output of the last stage inside, or `result`.',
    wrong: each(measured, '  - id: show', '    transform: ${{ stages.length.output }}'),
    right: each(measured, '  - id: show', '    transform: ${{ stages.lengths.output }}'),
    /**
     * `from` is where the reader stands: outside, in another list of the same stage, or in the `while` of the loop; or
     * what it reads stands in `finally` or in a handler.
     */
    say: (name: string, holder: string, from: 'outside' | 'beside' | 'while' | 'finally' | 'handler') => ({
      message: {
        outside: `"${name}" stands inside "${holder}", so it cannot be read from here.`,
        beside: `"${name}" stands inside "${holder}", so it cannot be read from here.`,
        while: `"${name}" has not run yet when "while" is asked.`,
        finally: `"${name}" runs in "finally", when all else has ended, so it cannot be read from here.`,
        handler: `"${name}" stands in a handler of ${holder === '' ? 'the pipeline' : `"${holder}"`}, so it cannot be read from here.`,
      }[from],
      hint: {
        outside: `A body is seen only through the stage that holds it: read stages.${holder}.output.`,
        beside: `The lists of stages inside "${holder}" do not see each other; read it after "${holder}".`,
        finally: 'Only stages below it in "finally" can read it.',
        handler: 'Only stages of the same handler can read it.',
        while: `Read the iteration before, with a default for the first: coalesce(iteration.previous.?${name}.?output, …).`,
      }[from],
    }),
  }),

  set_in_foreach: define({
    severity: 'error',
    summary: 'A variable that keeps its last value is set inside a `foreach`.',
    explanation:
      'Items run side by side, so there is no last one. Give the variable a merge that takes the values of all items (`append`, `sum`, …), or set it from the output of the foreach.',
    wrong: each(
      [...measured, '    set: { longest: "${{ output }}" }'],
      'vars: { longest: { type: number } }',
      'outputs: { longest: "${{ vars.longest }}" }',
    ),
    right: each(
      [...measured, '    set: { longest: "${{ output }}" }'],
      'vars: { longest: { type: number, merge: max } }',
      'outputs: { longest: "${{ vars.longest }}" }',
    ),
    say: (variable: string, stage: string, foreach: string) => ({
      message: `"${stage}" sets "${variable}" (merge: last) once per item of "${foreach}", so no value would be the last.`,
      hint: `Choose a merge that takes all values, or set it on "${foreach}".`,
    }),
  }),

  missing_input: define({
    severity: 'error',
    summary: 'A pipeline that is used as a stage lacks an input.',
    explanation: 'Inputs are required unless they have a default or their name ends in `?`.',
    wrong: pipeline('stages:', '  - id: hello', '    pipeline: ./greet.yaml'),
    right: pipeline('stages:', '  - id: hello', '    pipeline: ./greet.yaml', '    with: { name: Ada }'),
    say: (name: string, child: string, declared: Span) => ({
      message: `The pipeline "${child}" requires the input "${name}".`,
      hint: `Add to "with": ${name}: …`,
      related: [{ message: `"${name}" is declared here.`, span: declared }],
    }),
  }),

  unknown_input: define({
    severity: 'error',
    summary: 'A pipeline that is used as a stage is given an input that it does not have.',
    explanation: 'The keys of `with` are the inputs that the other pipeline declares.',
    wrong: pipeline('stages:', '  - id: hello', '    pipeline: ./greet.yaml', '    with: { nam: Ada }'),
    right: pipeline('stages:', '  - id: hello', '    pipeline: ./greet.yaml', '    with: { name: Ada }'),
    say: (name: string, child: string, near: string | undefined, names: readonly string[]) => ({
      message: `The pipeline "${child}" has no input "${name}".`,
      hint: near
        ? `Did you mean "${near}"?`
        : names.length === 0
          ? 'It has no inputs.'
          : `Its inputs are: ${names.join(', ')}.`,
    }),
  }),

  not_granted: define({
    severity: 'error',
    summary: 'A pipeline that is used as a stage wants something that this pipeline does not have.',
    explanation:
      'What a run may read and ask stands in the outermost pipeline: the environment variables, secrets and models of a pipeline inside are some of those of the pipeline around it.',
    wrong: pipeline('stages:', '  - id: home', '    pipeline: ./reads-env.yaml'),
    right: pipeline('env: [HOME]', 'stages:', '  - id: home', '    pipeline: ./reads-env.yaml'),
    say: (what: string, name: string, child: string, list: string, declared: Span) => ({
      message: `The pipeline "${child}" uses the ${what} "${name}", which this pipeline does not declare.`,
      hint: `Add it to "${list}" of this pipeline.`,
      related: [{ message: 'It is declared here.', span: declared }],
    }),
  }),

  pipeline_cycle: define({
    severity: 'error',
    summary: 'A pipeline runs itself, directly or through others.',
    explanation: 'A pipeline inside another is compiled into it, so there is no end to one that holds itself.',
    wrong: pipeline('stages:', '  - id: again', '    pipeline: ./p.yaml'),
    right: pipeline('stages:', '  - id: hello', '    pipeline: ./greet.yaml', '    with: { name: Ada }'),
    say: (chain: readonly string[]) => ({
      message: `A pipeline cannot run itself: ${arrows(chain)}.`,
      hint: 'Use a loop, or take one of these stages away.',
    }),
  }),

  pipelines_too_deep: define({
    severity: 'error',
    summary: 'Pipelines are nested too deeply.',
    explanation: 'A pipeline may hold others, those again others, and so on through at most 16 levels.',
    wrong: pipeline('stages:', '  - id: down', '    pipeline: ./deep/1.yaml'),
    right: pipeline('stages:', '  - id: hello', '    pipeline: ./greet.yaml', '    with: { name: Ada }'),
    say: (chain: readonly string[], most: number) => ({
      message: `Pipelines are nested more than ${most} levels deep: ${arrows(chain)}.`,
      hint: 'Let one of them call those further down itself.',
    }),
  }),
}
