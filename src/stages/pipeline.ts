/** The stage kind `pipeline`: another pipeline file, compiled into this one. */
import { z } from 'zod'
import { defineBody, fixed } from './body.ts'

const schema = () =>
  z.strictObject({
    pipeline: z
      .string()
      .min(1)
      .describe('The file of the other pipeline, from the folder of this one, such as `./child.yaml`.'),
    with: z.record(z.string(), z.unknown()).describe('Its inputs; `{}` by default.').optional(),
  })

export const pipeline = defineBody({
  kind: 'pipeline',
  docs: {
    summary: 'Runs another pipeline file, with inputs, variables and outputs of its own.',
    output: 'A map of its outputs.',
    example: `name: two_greetings
stages:
  - id: ada
    pipeline: ./greet.yaml
    with: { name: Ada }
  - id: grace
    pipeline: ./greet.yaml
    with: { name: Grace, greeting: Welcome }
outputs:
  lines: \${{ [stages.ada.output.line, stages.grace.output.line] }}
`,
    files: {
      'greet.yaml': `name: greet
inputs:
  name: { type: string }
  greeting: { type: string, default: Hello }
stages:
  - id: line
    transform: \${{ inputs.greeting }} \${{ inputs.name }}
outputs:
  line: \${{ stages.line.output }}
`,
    },
  },
  beside: ['with'],
  slots: { pipeline: fixed('Which pipeline runs is chosen by the author, never by data.') },
  lists: [],
  schema,
})
