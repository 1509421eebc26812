/** The stage kind `approve`: a gate that people open. */
import { z } from 'zod'
import { StageError } from '../foundation/errors.ts'
import { isJsonObject, type Json } from '../foundation/json.ts'
import type { JsonSchema } from '../foundation/plan.ts'
import { StageSkipped, WaitTimedOut } from '../foundation/stage-ends.ts'
import { defineStage, type StageContext } from '../foundation/stage-kind.ts'
import { timesOf } from './waits/duration-text.ts'
import { completed, mayBeEmpty, withoutDefaulted } from './waits/form.ts'
import { oneOf, personKeys } from './waits/person.ts'

const schema = z.strictObject({
  ...personKeys,
  approvals: z
    .int()
    .min(1)
    .optional()
    .describe('How many people have to approve; 1 by default. One rejection decides.'),
  not: z.array(z.literal('initiator')).min(1).optional().describe('Who may not: `initiator`, whoever started the run.'),
  on_timeout: z
    .enum(['fail', 'reject'])
    .optional()
    .describe('What it means that nobody answered in time. Default: `fail`.'),
  on_reject: z
    .enum(['fail', 'stop', 'continue'])
    .optional()
    .describe(
      'What a rejection means: the stage fails (default); the run stops here and has not failed; or it goes on, with the decision in the output.',
    ),
})

type ApproveConfig = z.infer<typeof schema>

interface Decision {
  readonly by: string | null
  readonly at: string
  readonly decision: 'approved' | 'rejected'
  readonly comment: string | null
}

const outputSchema = (form: JsonSchema): JsonSchema => ({
  type: 'object',
  properties: {
    decision: { enum: ['approved', 'rejected'] },
    decisions: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          by: { type: ['string', 'null'] },
          at: { type: 'string' },
          decision: { enum: ['approved', 'rejected'] },
          comment: { type: ['string', 'null'] },
        },
        required: ['by', 'at', 'decision', 'comment'],
        additionalProperties: false,
      },
    },
    form: form as Json,
  },
  required: ['decision', 'decisions', 'form'],
  additionalProperties: false,
})

export const approve = defineStage<ApproveConfig>({
  name: 'approve',
  docs: {
    summary: 'Waits until people approve, or one of them rejects; durably, and without a process.',
    output:
      '`{decision, decisions, form}`: `approved` or `rejected`; `{by, at, decision, comment}` of everybody who decided; what was filled in.',
    example: `name: publish_page
inputs:
  text: { type: string, default: Hello }
stages:
  - id: review
    approve:
      message: Publish this page?
      show: { text: "\${{ inputs.text }}" }
      form: { channel: { enum: [blog, wiki], default: blog } }
      timeout: 2d
      on_timeout: reject
      on_reject: stop
  - id: publish
    transform: "\${{ inputs.text }} on the \${{ stages.review.output.form.channel }}"
outputs:
  published: \${{ stages.publish.output }}
`,
  },
  schema,
  slots: {
    form: { is: 'schema' },
    on_timeout: { is: 'literal', why: 'It is part of the structure of the pipeline.' },
    on_reject: { is: 'literal', why: 'It is part of the structure of the pipeline.' },
  },
  pure: true,
  waits: 'gate',
  inheritsRetry: false,
  outputSchema: (config, declared) => declared ?? outputSchema(formOf(config)),
  run,
})

/** Whoever rejects need not fill it in. */
function formOf(config: Json): JsonSchema {
  if (!isJsonObject(config) || config.form === undefined) return { type: 'null' }
  return config.on_reject === 'continue' ? { anyOf: [config.form, { type: 'null' }] } : (config.form as JsonSchema)
}

async function run(config: ApproveConfig, context: StageContext): Promise<Json> {
  const { approvals = 1, on_timeout = 'fail', on_reject = 'fail' } = config
  const excluded = excludedBy(config, context)
  const decisions: Decision[] = []
  let form: Json = null
  let since: string | undefined
  try {
    while (decisions.length < approvals && decisions.at(-1)?.decision !== 'rejected') {
      const { given, decision } = await askOne(config, context, { decisions, excluded, since })
      since ??= context.waited().from || undefined
      decisions.push(decision)
      if (given !== undefined) form = given
    }
  } catch (thrown) {
    if (!(thrown instanceof WaitTimedOut) || on_timeout === 'fail') throw thrown
    decisions.push({ by: null, at: context.waited().to, decision: 'rejected', comment: thrown.message })
  }
  const decision = decisions.at(-1)?.decision ?? 'approved'
  const output = { decision, decisions: decisions.map((each) => ({ ...each })), form }
  if (decision === 'approved' || on_reject === 'continue') return output
  if (on_reject === 'stop') throw new StageSkipped('rejected')
  throw rejection(output)
}

/** Nobody decides twice. Throws StageError when it is not known who must not. */
function excludedBy({ not }: ApproveConfig, { run: { initiator } }: StageContext): readonly string[] {
  if (!not) return []
  if (initiator !== undefined) return [initiator]
  throw new StageError('Whoever started the run may not approve, but nobody knows who that was.', {
    category: 'policy',
    code: 'unknown_initiator',
    retryable: false,
  })
}

/** Who decided already, who must not, and since when people are asked. */
interface Before {
  readonly decisions: readonly Decision[]
  readonly excluded: readonly string[]
  readonly since: string | undefined
}

async function askOne(
  config: ApproveConfig,
  context: StageContext,
  { decisions: before, excluded, since }: Before,
): Promise<{ readonly given: Json | undefined; readonly decision: Decision }> {
  const { message, show, assignees, approvals = 1 } = config
  const form = config.form as JsonSchema | undefined
  const decided = before.flatMap(({ by }) => by ?? [])
  const others = [...excluded, ...decided]
  const named = assignees !== undefined || config.not !== undefined || approvals > 1
  const answer = await context.wait({
    value: {
      message,
      ...(show !== undefined && { show: show as Json }),
      ...(assignees && { assignees }),
      ...(excluded.length > 0 && { not: excluded }),
      ...(approvals > 1 && { approvals: { needed: approvals, given: before.length, by: decided } }),
    },
    response_schema: answerSchema(form, { named, assignees, others }),
    ...timesOf(config),
    ...(since !== undefined && { since }),
  })
  const { decision, by = null, comment = null, form: filled } = answer as unknown as Answer
  return {
    given: form === undefined || decision === 'rejected' ? filled : completed(form, filled ?? {}),
    decision: { by, at: context.waited().to, decision, comment },
  }
}

interface Answer {
  readonly decision: Decision['decision']
  readonly by?: string
  readonly comment?: string | null
  readonly form?: Json
}

interface Who {
  readonly named: boolean
  readonly assignees: readonly string[] | undefined
  readonly others: readonly string[]
}

/** Everything that must hold of an answer, so that it holds wherever it comes in. */
function answerSchema(form: JsonSchema | undefined, { named, assignees, others }: Who): JsonSchema {
  const by: Json = { ...oneOf(assignees), ...(others.length > 0 && { not: { enum: others } }) }
  const person = { by, comment: { type: ['string', 'null'] } }
  const toFill = form && withoutDefaulted(form)
  const must = named ? ['decision', 'by'] : ['decision']
  return {
    oneOf: [
      {
        type: 'object',
        properties: {
          decision: { const: 'approved' },
          ...person,
          ...(toFill !== undefined && { form: toFill as Json }),
        },
        required: toFill === undefined || mayBeEmpty(toFill) ? must : [...must, 'form'],
        additionalProperties: false,
      },
      {
        type: 'object',
        properties: { decision: { const: 'rejected' }, ...person, form: true },
        required: must,
        additionalProperties: false,
      },
    ],
  }
}

function rejection(
  output: { readonly decisions: readonly Decision[] } & { readonly [key: string]: unknown },
): StageError {
  const { by, comment } = output.decisions.at(-1) ?? { by: null, comment: null }
  const message = `It was rejected${by === null ? '' : ` by ${by}`}${comment === null ? '.' : `: ${comment}`}`
  return new StageError(message, { category: 'rejected', details: output as unknown as Json, retryable: false })
}
