/**
 * From the call of `resume` to the first stage that runs, in a chain stopped after its first or before its last stage:
 * what going on costs by how much is done already. Opening the file counts, compiling does not (we load the stored plan).
 */
import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Case, Finding, Sample, Step, Workload } from '../harness/contract.ts'
import { digestOf } from '../harness/digest.ts'
import { metered } from '../harness/meter.ts'
import { createWitness } from '../harness/witness.ts'
import { loadRival } from '../rivals/load.ts'
import { chainJob } from './chain.ts'

const rivals = ['stagegraph-sqlite', 'graph-sqlite', 'graph-our-saver']

const resumed = (size: number, done: 'first' | 'last', more: Partial<Case>): Case => ({
  id: `resume-${size}-after-${done === 'first' ? 1 : size - 1}`,
  title: `resume after ${done === 'first' ? '1' : (size - 1).toLocaleString('en')} of ${size.toLocaleString('en')} stages`,
  units: 1,
  unit: 'resume',
  size,
  rivals,
  modes: ['quick', 'full'],
  samples: 3,
  once: size > 1_000 ? rivals : [],
  ...more,
})

const doneIn = ({ id }: Case): number => Number(id.slice(id.lastIndexOf('-') + 1))

export const resume: Workload = {
  name: 'resume',
  cases: [
    resumed(500, 'first', { modes: ['quick'] }),
    resumed(500, 'last', { modes: ['quick'] }),
    resumed(5_000, 'first', { modes: ['full'] }),
    resumed(5_000, 'last', { modes: ['full'] }),
  ],
  async measure(one, name, { lowering, samples, directory }): Promise<Finding> {
    const rival = await loadRival(name)
    const witness = createWitness(true)
    const job = chainJob(one.size, witness)
    const stopped = join(directory, 'stopped.db')
    const { stopAfter, resume: goOn } = rival
    if (!stopAfter || !goOn) throw new Error(`${name} cannot resume`)
    await stopAfter(job, { file: stopped, lowering }, doneIn(one))

    const found: Sample[] = []
    for (let i = 0; i <= samples; i++) {
      const file = join(directory, `copy-${i}.db`)
      copyFileSync(stopped, file)
      if (existsSync(`${stopped}-wal`)) copyFileSync(`${stopped}-wal`, `${file}-wal`)
      const { sample } = await metered(() =>
        firstStep(() => goOn({ ...job, steps: stuckAfter(job.steps, doneIn(one)) }, { file, lowering })),
      )
      if (i > 0) found.push(sample) // the first pays for the machine code
    }
    return { samples: found, digest: digestOf({ done: doneIn(one), ...witness.statement(), calls: 0, sum: 0 }) }

    /** Settles when a step is called; rejects when the rival does. */
    function firstStep(going: () => Promise<void>): Promise<void> {
      witness.reset()
      return new Promise((resolve, reject) => {
        witness.onFirst(() => {
          expectNext(witness.statement().sum, doneIn(one))
          resolve()
        })
        going().then(() => reject(new Error('nothing was left to do')), reject)
      })
    }
  },
}

/** The step that runs first must be the one after those that are done. */
function expectNext(sum: number, next: number): void {
  if (sum !== next + 1) throw new Error(`resumed at another stage than ${next}`)
}

/** From `next` on steps never end, so that nothing else runs in this process. */
const stuckAfter = (steps: readonly Step[], next: number): readonly Step[] =>
  steps.map((step, index) => (index < next ? step : { ...step, work: () => forever(step) }))

function forever(step: Step): Promise<never> {
  step.work()
  return new Promise(() => {})
}
