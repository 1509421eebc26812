/** 1 MB of state that no stage touches, carried along: what is copied and stored although nothing changed. */
import type { Case, Job, Workload } from '../harness/contract.ts'
import { measureJob } from '../harness/measure-job.ts'
import { createWitness } from '../harness/witness.ts'
import { loadRival } from '../rivals/load.ts'
import { allRivals } from '../rivals/titles.ts'
import { chainJob } from './chain.ts'
import { textOf } from './text.ts'

const carrying = (job: Job, bytes: number): Job => ({ ...job, name: 'carried', carried: { blob: textOf(bytes, 7) } })

const carried = (size: number, rivals: readonly string[]): Case => ({
  id: `carried-${size}`,
  title: `1 MB carried along ${size === 1 ? '1 stage' : `${size} stages`}`,
  units: size,
  unit: 'stage',
  size,
  rivals,
  modes: ['quick', 'full'],
  samples: 1,
})

const stored = ['stagegraph-sqlite', 'graph-our-saver', 'graph-sqlite']

export const carriedMegabyte: Workload = {
  name: 'carried-megabyte',
  cases: [carried(50, allRivals), carried(1, stored), carried(100, stored.slice(0, 2))],
  async measure(one, rival, child) {
    const witness = createWitness(true)
    const warmUp = { job: carrying(chainJob(20, witness), 1_000), times: 10 }
    const job = carrying(chainJob(one.size, witness), 1_000_000)
    return measureJob({ rival: await loadRival(rival), job, witness, warmUp }, child)
  },
}
