/** The stage kind `foreach`: stages that run once per item of a list, several items side by side. */
import { z } from 'zod'
import { defineBody, fixed, resultText } from './body.ts'

const noList = 'it is a list, or ${{ }} around an expression that gives one'

const list = () =>
  z
    .union([z.array(z.unknown()), z.string().refine((text) => text.includes('${{'), { error: noList })])
    .describe('The list, as `${{ }}` or written out. It is fixed when the stage starts.')

export const foreach = defineBody({
  kind: 'foreach',
  docs: {
    summary: 'Runs its stages once per item of a list; several items run side by side.',
    output:
      'A list with one value per item, in the order of the list; null for items that failed. `stages.<id>.errors` lists those as `{index, item, stage, error}`.',
    example: `name: word_lengths
inputs:
  words: { type: array, items: { type: string }, default: [tea, coffee, milk] }
stages:
  - id: measure
    foreach: \${{ inputs.words }}
    as: word
    concurrency: 2
    stages:
      - id: length
        transform: \${{ size(word) }}
      - id: line
        transform: "\${{ index + 1 }}. \${{ word }} has \${{ stages.length.output }} letters"
outputs:
  lines: \${{ stages.measure.output }}
`,
  },
  beside: ['as', 'concurrency', 'on_item_error', 'result', 'stages'],
  slots: {
    as: fixed('It is the name that the stages inside read the item by.'),
    concurrency: fixed('It is a number.'),
    on_item_error: fixed('It decides what the output looks like.'),
  },
  lists: ['stages'],
  schema: (stages) =>
    z.strictObject({
      foreach: list(),
      as: z.string().describe('The name that expressions inside read the item by; `item` by default.').optional(),
      concurrency: z
        .int()
        .min(1)
        .describe('How many items run side by side at most; as many as `limits.concurrency` lets by default.')
        .optional(),
      on_item_error: z
        .enum(['fail', 'continue'])
        .describe(
          '`fail` (default): after a failed item no other is started, and the stage fails. `continue`: the item is null in the output and listed in `errors`; the stage fails only if all items failed.',
        )
        .optional(),
      result: z.unknown().describe(resultText).optional(),
      stages: stages.describe('The stages that run for each item, in order.'),
    }),
})
