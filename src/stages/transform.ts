/** The stage kind `transform`: a value with expressions in it. Pure; the expressions do the work. */
import { z } from 'zod'
import { defineStage } from '../foundation/stage-kind.ts'

export const transform = defineStage<unknown>({
  name: 'transform',
  docs: {
    summary: 'Computes a value: any YAML value with expressions in it.',
    output: 'That value.',
    example: `name: greet_everyone
inputs:
  names: { type: array, items: { type: string }, default: [Ada, Grace] }
stages:
  - id: greetings
    transform:
      lines: \${{ inputs.names.map(name, 'Hello ' + name) }}
      count: \${{ size(inputs.names) }}
    output: { lines: "string[]", count: integer }
outputs:
  lines: \${{ stages.greetings.output.lines }}
`,
  },
  schema: z.unknown().describe('The value: text, number, list or map, with `${{ }}` anywhere in it.'),
  pure: true,
  outputSchema: (_config, declared) => declared ?? true,
  run: (value) => value,
})
