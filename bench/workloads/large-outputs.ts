/** Stages that each leave 100 KB in a place of their own: 10 MB of data, stored once or over and over. */
import type { Case, Job, Workload } from '../harness/contract.ts'
import { measureJob } from '../harness/measure-job.ts'
import { createWitness, type Witness } from '../harness/witness.ts'
import { loadRival } from '../rivals/load.ts'
import { allRivals } from '../rivals/titles.ts'
import { chainJob } from './chain.ts'
import { textOf } from './text.ts'

function outputsJob(size: number, bytes: number, witness: Witness): Job {
  const chain = chainJob(size, witness)
  const steps = chain.steps.map((step, index) => {
    const output = textOf(bytes, index)
    return {
      ...step,
      slot: `part_${index}`,
      work() {
        step.work()
        return output
      },
    }
  })
  const slots = Object.fromEntries(steps.map(({ slot }) => [slot, 'replace' as const]))
  return { ...chain, name: 'large_outputs', steps, slots, exposed: [] }
}

const outputs = (size: number, more: Partial<Case>): Case => ({
  id: `outputs-${size}`,
  title: `${size} stages × 100 KB`,
  units: size,
  unit: 'stage',
  size,
  rivals: allRivals,
  modes: ['quick', 'full'],
  samples: 1,
  ...more,
})

const slow = ['graph-sqlite', 'graph-memory', 'graph-our-saver']

export const largeOutputs: Workload = {
  name: 'large-outputs',
  cases: [
    outputs(100, { once: slow, fullOnly: ['graph-memory'] }),
    outputs(200, { once: [...slow, 'stagegraph-sqlite'], rivals: ['stagegraph-sqlite', 'graph-our-saver'] }),
  ],
  async measure(one, rival, child) {
    const witness = createWitness(true)
    const warmUp = { job: outputsJob(50, 500, witness), times: 5 }
    const job = outputsJob(one.size, 100_000, witness)
    return measureJob({ rival: await loadRival(rival), job, witness, warmUp }, child)
  },
}
