/** The stage kind `loop`: stages that run again and again, while or until something holds, a bounded number of times. */
import { z } from 'zod'
import { parseDuration } from '../foundation/duration.ts'
import { defineBody, fixed, resultText } from './body.ts'

const delay = () =>
  z
    .string({ error: 'bad_duration' })
    .refine((text) => parseDuration(text) !== undefined, { error: 'bad_duration' })
    .describe('How long to wait between two iterations.')

const options = () =>
  z
    .strictObject({
      while: z
        .string()
        .min(1)
        .describe('Another iteration is begun as long as this is true; asked before each, the first included.')
        .optional(),
      until: z.string().min(1).describe('The loop is over when this is true; asked after each iteration.').optional(),
      max: z.int().min(1).describe('How many iterations there are at most.'),
      on_exhausted: z
        .enum(['fail', 'continue'])
        .describe('What it means that `max` iterations were not enough: `fail` (default) or `continue`.')
        .optional(),
      delay: delay().optional(),
      keep: z.int().min(0).describe('How many past iterations `iteration.history` holds; 1 by default.').optional(),
    })
    .refine((loop) => (loop.while === undefined) !== (loop.until === undefined), { error: 'loop_condition' })
    .describe('When it goes on, and how often at most.')

export const loop = defineBody({
  kind: 'loop',
  docs: {
    summary: 'Runs its stages again and again, while or until a condition holds.',
    output:
      'The value of the last iteration; null when there was none. `stages.<id>.iterations` is their number, `stages.<id>.exhausted` says whether `max` ended the loop.',
    example: `name: doubling
inputs:
  goal: { type: integer, default: 100 }
stages:
  - id: grow
    loop:
      until: stages.doubled.output >= inputs.goal
      max: 20
    stages:
      - id: doubled
        transform: \${{ 2 * coalesce(iteration.previous.?doubled.?output, 1) }}
        output: integer
outputs:
  reached: \${{ stages.grow.output }}
  iterations: \${{ stages.grow.iterations }}
`,
  },
  beside: ['result', 'stages'],
  slots: {
    'loop.while': { is: 'expression' },
    'loop.until': { is: 'expression' },
    'loop.max': fixed('It is the bound that holds whatever the data says.'),
    'loop.on_exhausted': fixed('It decides what the loop means for the run.'),
    'loop.keep': fixed('It is a number.'),
  },
  lists: ['stages'],
  schema: (stages) =>
    z.strictObject({
      loop: options(),
      result: z.unknown().describe(resultText).optional(),
      stages: stages.describe('The stages of an iteration, in order.'),
    }),
})
