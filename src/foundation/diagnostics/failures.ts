/** Diagnostics about what runs after a failure and at the end: handlers, `rollback`, `finally`. */
import { define } from './define.ts'

const release = (...lines: string[]): string => `${['name: release', 'stages:', ...lines].join('\n')}\n`
const publish = ['  - id: publish', '    run: ./publish.sh']

export const failureDiagnostics = {
  not_in_rollback: define({
    severity: 'error',
    summary: 'Something stands in a `rollback` that has no meaning there.',
    explanation:
      'A `rollback` is one stage without an id. It runs when its stage has to be taken back, whatever else happened: so it needs nothing, has no condition, sets nothing, holds no other stages and waits for nobody.',
    wrong: release(
      ...publish,
      '    rollback:',
      '      if: output != null',
      '      run: ./unpublish.sh',
      'on_error: rollback',
    ),
    right: release(...publish, '    rollback:', '      run: ./unpublish.sh', 'on_error: rollback'),
    say: (key: string, hint: string) => ({ message: `"${key}" cannot stand in a "rollback".`, hint }),
  }),

  not_in_handler: define({
    severity: 'error',
    summary: 'Something stands on a stage of a handler or of `finally` that has no meaning there.',
    explanation:
      'Stages of a handler run beside the pipeline, once a stage or the run has failed, and those of `finally` when all else has ended. Nothing waits for them, so they set no variables, and LangGraph makes no checkpoints of them.',
    wrong: `name: release
vars: { last: { type: string } }
stages:
  - id: publish
    run: ./publish.sh
finally:
  - id: note
    run: date
    set: { last: "\${{ output }}" }
outputs: { last: "\${{ vars.last }}" }
`,
    right: `name: release
stages:
  - id: publish
    run: ./publish.sh
finally:
  - id: note
    run: date
`,
    say: (key: string, where: string, hint: string) => ({
      message: `"${key}" cannot stand on a stage ${where}.`,
      hint,
    }),
  }),

  waits_too_late: define({
    severity: 'error',
    summary: 'A stage that waits for somebody stands where the run is about to end.',
    explanation:
      'What runs in `finally`, in handlers of the pipeline and in a `rollback` has to come to its end by itself: nobody may be there any more who would answer. Ask in a stage of the pipeline, or in a handler of the stage (`on_error` on it).',
    wrong: release(...publish, 'finally:', '  - id: ok', '    approve: { message: Was it good? }'),
    right: release(...publish, '  - id: ok', '    approve: { message: Was it good? }'),
    say: (id: string, kind: string, where: string) => ({
      message: `"${id}" (${kind}) waits for somebody, which no stage ${where} may do.`,
      hint: 'Ask in a stage of the pipeline, or in a handler of the stage that failed.',
    }),
  }),

  unreached_rollback: define({
    severity: 'warning',
    summary: 'A stage says how it is taken back, but nothing ever takes it back.',
    explanation:
      'A `rollback` runs when the run failed and an `on_error` says `rollback`: that of the pipeline, or that of the stage that failed. Stages of handlers and of `finally` are never taken back.',
    wrong: release(...publish, '    rollback: { run: ./unpublish.sh }'),
    right: release(...publish, '    rollback: { run: ./unpublish.sh }', 'on_error: rollback'),
    say: (id: string, hint: string) => ({ message: `Nothing ever takes "${id}" back.`, hint }),
  }),
}
