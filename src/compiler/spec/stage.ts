/** The keys every stage may have, whatever its kind. */
import { z } from 'zod'
import { joinNames } from '../../foundation/plan.ts'
import {
  bodyTimeout,
  duration,
  expression,
  literalText,
  retry,
  schemaValue,
  textTemplate,
  timeout,
  value,
} from './blocks.ts'
import { rollback, stageOnError } from './failure-keys.ts'
import { idPattern, reservedIds } from './ids.ts'

const needStatus = () => z.enum(['succeeded', 'failed'])

const need = () =>
  z.union([
    literalText(),
    z.strictObject({
      stage: literalText().describe('Id of the stage.'),
      status: z.array(needStatus()).min(1).describe('The statuses that match; any terminal one by default.').optional(),
    }),
  ])

export const stageId = () =>
  z
    .string({ error: (issue) => (issue.input === undefined ? undefined : 'bad_id') })
    .regex(idPattern, { error: 'bad_id', abort: true })
    .refine((id) => !reservedIds.has(id), { error: 'reserved_id' })

export const commonStageKeys = {
  id: stageId().describe('Name of the stage, unique in the file; expressions read it as `stages.<id>`.'),
  title: literalText().describe('What people read instead of the id.').optional(),
  needs: z
    .union([literalText(), z.array(need())])
    .describe('The stages it waits for. Without it: every stage above it in the list.')
    .optional(),
  join: z.enum(joinNames).describe('Which outcomes of its needs let it run; `none_failed` by default.').optional(),
  if: expression().describe('It runs only when this expression is true, else it is skipped.').optional(),
  timeout: timeout().describe('The longest time an attempt may take: a duration, or `{ total, idle }`.').optional(),
  retry: retry().describe('Whether and how a failed attempt is tried again.').optional(),
  on_error: stageOnError(),
  rollback: rollback(),
  output: schemaValue().describe('Schema of its output; checked whenever it ends.').optional(),
  set: z
    .record(z.string(), value())
    .describe('Variables to set when it has succeeded; `output` is in scope.')
    .optional(),
  once: z
    .boolean()
    .describe('After a crash in the middle of an attempt it is not run again: a person says how the attempt ended.')
    .optional(),
  checkpoint: z
    .boolean()
    .describe('LangGraph makes a checkpoint when it has ended, to look at, go back to or fork from.')
    .optional(),
  idempotency_key: textTemplate()
    .describe('What the outside world is told, to recognise a repeated attempt.')
    .optional(),
  limits: z
    .strictObject({ output_bytes: z.int().min(1).describe('The largest output it may have, in bytes.').optional() })
    .describe('Bounds on what it may use.')
    .optional(),
  cache: z
    .strictObject({
      key: value().describe('Equal keys give the stored output.'),
      ttl: duration().describe('How long a stored output may be used.'),
    })
    .describe('Use a stored output instead of running.')
    .optional(),
}

const { retry: _retry, once: _once, checkpoint: _checkpoint, idempotency_key: _key, ...common } = commonStageKeys

/** The keys of stages that have stages inside. */
export const commonBodyKeys = {
  ...common,
  timeout: bodyTimeout()
    .describe('The longest time that all of it may take, not counting the time in which only waits are open.')
    .optional(),
}

/** Only on kinds that take environment variables. */
export const stageEnv = () => z.record(z.string(), textTemplate()).describe('Environment variables it gets.').optional()
