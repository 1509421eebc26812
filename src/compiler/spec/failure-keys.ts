/** The keys that say what happens after a failure and at the end. `list` and `undo` are the schemas of what stands inside. */
import { z } from 'zod'
import { expression, value } from './blocks.ts'

const anyList = () => z.array(value()).min(1)

const handler = <Action extends z.ZodType>(action: Action, list: z.ZodType) =>
  z.strictObject({
    when: expression().describe('It is for failures of which this is true; `error` is in scope.').optional(),
    stages: list.describe('Stages that run first.').optional(),
    do: action,
  })

const givenValue = () => z.strictObject({ continue: value().describe("The stage's output when it fails.") })

const stageAction = () =>
  z
    .union([z.enum(['fail', 'continue', 'rollback', 'pause']), givenValue()])
    .describe('What becomes of the stage then: `fail`, `continue`, `{ continue: value }`, `rollback` or `pause`.')

export const stageOnError = (list: z.ZodType = anyList()) =>
  z
    .union([
      z.enum(['fail', 'continue', 'rollback', 'pause']),
      givenValue(),
      z.array(handler(stageAction(), list)).min(1),
    ])
    .describe(
      'What a failure means: `fail` (default), `continue`, `{ continue: value }`, `rollback` (the run fails and is taken back), `pause` (somebody is asked), or a list of handlers, of which the first that matches is used.',
    )
    .optional()

export const rollback = (undo: z.ZodType<unknown> = value()) =>
  undo
    .describe(
      'How it is taken back: one kind, with `timeout retry env idempotency_key output` beside it, and `also_on_failure: true` where attempts that failed are taken back, too. It sees what this stage saw, and its `output`.',
    )
    .optional()

export const alsoOnFailure = () =>
  z
    .boolean()
    .describe('Also take back attempts that failed, or whose end nobody knows; `output` is null then.')
    .optional()

/** Of the pipeline. */
export const pipelineOnError = (list: z.ZodType = anyList()) =>
  z
    .union([
      z.enum(['fail', 'rollback']),
      z
        .array(
          handler(z.enum(['fail', 'rollback']).describe('What becomes of the run then: `fail` or `rollback`.'), list),
        )
        .min(1),
    ])
    .describe(
      'What is done when the run failed: `fail` (default), `rollback`, or a list of handlers, of which the first that matches is used.',
    )
    .optional()

export const lastStages = (list: z.ZodType = anyList()) =>
  list.describe('Stages that run when all others have ended, however the run ends.').optional()
