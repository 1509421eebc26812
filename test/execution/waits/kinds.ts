/** Stage kinds for tests of waits, and a pipeline of them; shared with the programs that the tests start. */
import { appendFileSync } from 'node:fs'
import { z } from 'zod'
import { compile, defineStage } from '../../../src/index.ts'

const docs = { summary: '', output: '', example: '' }

/** Asks a question and returns the answer. */
const question = defineStage({
  name: 'question',
  docs,
  schema: z.string(),
  run: (value, context) => context.wait({ value }),
})

/** Leaves a line with its name and idempotency key in a file. */
const mark = (file: string) =>
  defineStage({
    name: 'mark',
    docs,
    schema: z.string(),
    run(name, { idempotencyKey }) {
      appendFileSync(file, `${name} ${idempotencyKey}\n`)
      return name
    },
  })

/** Leaves a line, and takes its process down when a file says so. */
const dying = (file: string) =>
  defineStage({
    name: 'dying',
    docs,
    schema: z.string(),
    run(name, { attempt }) {
      appendFileSync(file, `${name} ${attempt}\n`)
      if (process.env.TEST_DIES === 'yes') process.kill(process.pid, 'SIGKILL')
      return `${name} ${attempt}`
    },
  })

export const kindsFor = (file: string) => [question, mark(file), dying(file)]

const asking = `
name: asking
stages:
  - { id: a, needs: [], question: a? }
  - { id: b, needs: [], question: b? }
  - { id: free, needs: [], mark: free }
  - { id: after_a, needs: [a], mark: after_a }
  - { id: after_b, needs: [b], mark: after_b }
  - { id: end, needs: [after_a, after_b], mark: end }
outputs: { a: "\${{ stages.a.output }}", b: "\${{ stages.b.output }}" }
`

const paying = `
name: paying
vars: { paid: { type: string, default: no } }
stages:
  - { id: before, mark: before }
  - { id: pay, dying: pay, once: true, output: { type: string }, set: { paid: "\${{ output }}" } }
  - { id: after, mark: after }
outputs: { paid: "\${{ vars.paid }}" }
`

const texts = { asking, paying } as const
export type Text = keyof typeof texts

export const pipelineOf = (text: Text, file: string) => compile(texts[text], { stages: kindsFor(file) })
