/** The stage kind `switch`: the stages of the first case whose condition holds. */
import { z } from 'zod'
import { defineBody } from './body.ts'

const cases = (stages: z.ZodType) =>
  z
    .array(
      z.union([
        z.strictObject({
          when: z.string().min(1).describe('The case is taken when this is true and no case above it was taken.'),
          stages: stages.describe('The stages of the case, in order.'),
        }),
        z.strictObject({ else: stages.describe('The stages that run when no case was taken; stands last.') }),
      ]),
    )
    .min(1)
    .superRefine((all, context) => {
      for (const [index, each] of all.slice(0, -1).entries()) {
        if ('else' in each) context.addIssue({ code: 'custom', path: [index], message: 'else_not_last' })
      }
    })
    .describe('The cases, in the order in which they are asked.')

export const switchKind = defineBody({
  kind: 'switch',
  docs: {
    summary: 'Runs the stages of the first case whose condition holds.',
    output:
      'The output of the last stage of the case that was taken. When none was taken the stage is skipped. `stages.<id>.branch` is the position of the case, from 0.',
    example: `name: greeting
inputs:
  hour: { type: integer, default: 9 }
stages:
  - id: greet
    switch:
      - when: inputs.hour < 12
        stages:
          - id: morning
            transform: Good morning
      - when: inputs.hour < 18
        stages:
          - id: afternoon
            transform: Good afternoon
      - else:
          - id: evening
            transform: Good evening
outputs:
  greeting: \${{ stages.greet.output }}
  branch: \${{ stages.greet.branch }}
`,
  },
  slots: { '*.when': { is: 'expression' } },
  lists: ['*.stages', '*.else'],
  schema: cases,
})
