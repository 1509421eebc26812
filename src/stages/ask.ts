/** The stage kind `ask`: a person fills in a form. */
import { z } from 'zod'
import { isJsonObject, type Json } from '../foundation/json.ts'
import type { JsonSchema } from '../foundation/plan.ts'
import { StageSkipped, WaitTimedOut } from '../foundation/stage-ends.ts'
import { defineStage, type StageContext } from '../foundation/stage-kind.ts'
import { timesOf } from './waits/duration-text.ts'
import { completed, withoutDefaulted } from './waits/form.ts'
import { oneOf, personKeys } from './waits/person.ts'

const schema = z.strictObject({
  ...personKeys,
  on_timeout: z
    .enum(['fail', 'skip'])
    .optional()
    .describe(
      'What it means that nobody answered in time: the stage fails (default), or is skipped with what needs it.',
    ),
})

type AskConfig = z.infer<typeof schema>

export const ask = defineStage<AskConfig>({
  name: 'ask',
  docs: {
    summary: 'Waits until a person has filled in a form; durably, and without a process.',
    output: 'What was filled in, with the defaults of what was left out; any JSON value without `form:`.',
    example: `name: ship_order
stages:
  - id: address
    ask:
      message: Where shall it go?
      form: { city: string, express: { type: boolean, default: false } }
      timeout: 3d
  - id: label
    transform: "To \${{ stages.address.output.city }}"
outputs:
  label: \${{ stages.label.output }}
`,
  },
  schema,
  slots: {
    form: { is: 'schema' },
    on_timeout: { is: 'literal', why: 'It is part of the structure of the pipeline.' },
  },
  pure: true,
  waits: 'wait',
  inheritsRetry: false,
  outputSchema: (config, declared) => declared ?? formOf(config),
  run,
})

const formOf = (config: Json): JsonSchema =>
  isJsonObject(config) && config.form !== undefined ? (config.form as JsonSchema) : true

async function run(config: AskConfig, { wait }: StageContext): Promise<Json> {
  const { message, show, assignees, on_timeout = 'fail' } = config
  const form = (config.form ?? true) as JsonSchema
  try {
    const answer = await wait({
      value: { message, ...(show !== undefined && { show: show as Json }), ...(assignees && { assignees }) },
      response_schema: answerSchema(withoutDefaulted(form), assignees),
      ...timesOf(config),
    })
    return completed(form, assignees ? ((answer as { readonly form: Json }).form ?? null) : answer)
  } catch (thrown) {
    if (thrown instanceof WaitTimedOut && on_timeout === 'skip') throw new StageSkipped('timeout')
    throw thrown
  }
}

/** Where it matters who answers, the answer says so beside the form. */
const answerSchema = (form: JsonSchema, assignees: readonly string[] | undefined): JsonSchema =>
  assignees
    ? {
        type: 'object',
        properties: { by: oneOf(assignees), form: form as Json },
        required: ['by', 'form'],
        additionalProperties: false,
      }
    : form
