/**
 * What stages do here: they append a line to a file when they begin and when they end. The line is there once the call
 * has returned, so it outlives the process.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { defineFunction, defineStage, type FunctionContext, StageError } from '../../src/index.ts'
import type { Points } from './points.ts'

export interface Effect {
  readonly did: 'begin' | 'end' | 'fail'
  readonly stage: string
  readonly attempt: number
  readonly key: string
  readonly pid: number
  /** Milliseconds since 1970. */
  readonly at: number
}

const input = z.strictObject({
  /** How long it takes. */
  ms: z.number(),
  /** Given back. */
  says: z.string().optional(),
  /** It fails until so many failures of its stage stand in the file. */
  fails: z.number().default(0),
})

export interface EffectPorts {
  readonly file: string
  readonly points: Points
  /** Awaited in every effect after its beginning. */
  readonly gate: Promise<void>
}

type Who = Pick<FunctionContext, 'stage' | 'attempt' | 'idempotencyKey'>

const writer =
  (file: string, { stage, attempt, idempotencyKey: key }: Who) =>
  (did: Effect['did']) => {
    const effect: Effect = { did, stage, attempt, key, pid: process.pid, at: Date.now() }
    appendFileSync(file, `${JSON.stringify(effect)}\n`)
  }

/** The function `touch`. */
export const functionsInto = ({ file, points, gate }: EffectPorts) => ({
  touch: defineFunction({
    input,
    async run({ ms, says, fails }, context: FunctionContext) {
      const { stage } = context
      const note = writer(file, context)
      points.pass(`before the effect of ${stage}`)
      note('begin')
      points.pass(`inside the effect of ${stage}`)
      await gate
      if (ms > 0) await sleep(ms)
      const failed = readEffects(file).filter((each) => each.stage === stage && each.did === 'fail').length
      note(failed < fails ? 'fail' : 'end')
      points.pass(`after the effect of ${stage}`)
      if (failed < fails) throw new StageError(`${stage} fails.`, { category: 'network' })
      return { stage, said: says ?? null }
    },
  }),
})

/** The stage kind `question`: waits for an answer, and then has an effect. */
export const questionInto = ({ file, points, gate }: EffectPorts) =>
  defineStage({
    name: 'question',
    docs: { summary: '', output: '', example: '' },
    schema: z.string(),
    async run(value, context) {
      const { stage } = context
      points.pass(`before the wait of ${stage}`)
      const answer = await context.wait({ value })
      const note = writer(file, context)
      points.pass(`before the effect of ${stage}`)
      note('begin')
      points.pass(`inside the effect of ${stage}`)
      await gate
      note('end')
      points.pass(`after the effect of ${stage}`)
      return answer
    },
  })

export function readEffects(file: string): Effect[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Effect)
}
