/** A list that every stage makes 1 KB longer: quadratic for whoever stores the whole state at every step. */
import type { Case, Job, Workload } from '../harness/contract.ts'
import { measureJob } from '../harness/measure-job.ts'
import { createWitness, type Witness } from '../harness/witness.ts'
import { loadRival } from '../rivals/load.ts'
import { allRivals } from '../rivals/titles.ts'
import { chainJob } from './chain.ts'
import { textOf } from './text.ts'

function listJob(size: number, witness: Witness): Job {
  const chain = chainJob(size, witness)
  const steps = chain.steps.map((step, index) => {
    const item = textOf(1_000, index)
    return {
      ...step,
      slot: 'list',
      work() {
        step.work()
        return item
      },
    }
  })
  return { ...chain, name: 'growing_list', steps, slots: { list: 'append' }, exposed: ['list'] }
}

const list = (size: number, more: Partial<Case>): Case => ({
  id: `list-${size}`,
  title: `list growing by 1 KB × ${size.toLocaleString('en')}`,
  units: size,
  unit: 'stage',
  size,
  rivals: allRivals,
  modes: ['quick', 'full'],
  samples: 1,
  ...more,
})

const slow = [
  'graph-sqlite',
  'graph-memory',
  'graph-our-saver',
  'graph',
  'stagegraph-sqlite',
  'stagegraph-memory',
  'mastra',
]

export const growingList: Workload = {
  name: 'growing-list',
  cases: [
    list(1_000, { once: slow, fullOnly: ['graph-memory', 'graph', 'mastra', 'stagegraph-memory'] }),
    list(2_000, { once: slow, rivals: ['stagegraph-sqlite', 'graph-our-saver'], modes: ['full'] }),
    list(500, { once: slow, rivals: ['stagegraph-sqlite', 'graph-our-saver'], modes: ['quick'] }),
  ],
  async measure(one, rival, child) {
    const witness = createWitness(true)
    const warmUp = { job: listJob(50, witness), times: 4 }
    return measureJob({ rival: await loadRival(rival), job: listJob(one.size, witness), witness, warmUp }, child)
  },
}
