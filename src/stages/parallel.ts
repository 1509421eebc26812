/** The stage kind `parallel`: named lists of stages that run side by side. */
import { z } from 'zod'
import { defineBody, fixed } from './body.ts'

export const parallel = defineBody({
  kind: 'parallel',
  docs: {
    summary: 'Runs several lists of stages side by side.',
    output: 'A map with the value of each branch: the output of the last stage in it.',
    example: `name: both_ways
inputs:
  words: { type: array, items: { type: string }, default: [tea, coffee, milk] }
stages:
  - id: count
    parallel:
      letters:
        - id: joined
          transform: \${{ inputs.words.join('') }}
        - id: letters
          transform: \${{ size(stages.joined.output) }}
      words:
        - id: words
          transform: \${{ size(inputs.words) }}
outputs:
  counted: \${{ stages.count.output }}
`,
  },
  beside: ['fail_fast'],
  slots: { fail_fast: fixed('It decides what a failure means for the other branches.') },
  lists: ['parallel.*'],
  schema: (stages) =>
    z.strictObject({
      parallel: z.record(z.string(), stages).describe('The branches: a list of stages under each name.'),
      fail_fast: z.boolean().describe('Whether a failed branch stops the others; true by default.').optional(),
    }),
})
