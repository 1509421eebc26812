/** The stage kind `emit`: publishes an event. */
import { z } from 'zod'
import { StageError } from '../foundation/errors.ts'
import type { Json } from '../foundation/json.ts'
import { defineStage } from '../foundation/stage-kind.ts'

const schema = z.strictObject({
  event: z.string().min(1).describe('Name of the event.'),
  data: z.unknown().optional().describe('What it tells: any value; null by default.'),
  id: z
    .string()
    .min(1)
    .optional()
    .describe('What it is recognised by: an id counts once. By default the idempotency key of the stage.'),
})

export const emit = defineStage<z.infer<typeof schema>>({
  name: 'emit',
  docs: {
    summary: 'Publishes an event to everything that waits for it, in this run and in others.',
    output: 'The id of the event.',
    example: `name: tell_of_order
inputs:
  order: { type: string, default: o1 }
stages:
  - id: tell
    emit:
      event: order.created
      data: { order: "\${{ inputs.order }}" }
      id: order-\${{ inputs.order }}
outputs:
  event: \${{ stages.tell.output }}
`,
  },
  schema,
  outputSchema: (_config, declared) => declared ?? { type: 'string' },
  async run({ event, data = null, id }, { services, idempotencyKey }) {
    if (!services.publish) {
      throw new StageError('There is nobody here to keep an event: run the pipeline with an engine.', {
        category: 'policy',
        code: 'no_events',
        retryable: false,
      })
    }
    const published = { id: id ?? idempotencyKey, event, data: data as Json }
    await services.publish(published)
    return published.id
  },
})
