/**
 * Six branches of five I/O stages that take 5 to 100 ms each, between a start and a join: what barriers cost.
 *
 * The limit is the critical path: the slowest branch. A superstep waits for its slowest stage in every row of stages.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, Json, Step, Workload } from '../harness/contract.ts'
import { measureJob } from '../harness/measure-job.ts'
import { createWitness, type Witness } from '../harness/witness.ts'
import { loadRival } from '../rivals/load.ts'
import { allRivals } from '../rivals/titles.ts'
import { criticalPathMs, waitsMs } from './diamond-waits.ts'

function diamondJob(witness: Witness, scale: number): Job {
  let count = 0
  const step = (id: string, needs: string[], slot: string, ms: number): Step => {
    const number = count++
    const value: Json = { stage: id, ms }
    const work = async () => {
      witness.saw(number)
      if (ms > 0) await sleep(ms * scale)
      return value
    }
    return { id, needs, slot, work }
  }
  const start = step('start', [], 'started', 0)
  const branches = waitsMs.map((waits, b) =>
    waits.map((ms, i) => step(`b${b}_${i}`, [i === 0 ? 'start' : `b${b}_${i - 1}`], `branch_${b}`, ms)),
  )
  const join = step(
    'join',
    branches.map((branch) => branch.at(-1)?.id ?? ''),
    'joined',
    0,
  )
  const slots = ['started', ...branches.map((_, b) => `branch_${b}`), 'joined']
  return {
    name: 'diamonds',
    shape: { is: 'branches', start, branches, join },
    steps: [start, ...branches.flat(), join],
    slots: Object.fromEntries(slots.map((slot) => [slot, 'replace'])),
    exposed: slots,
    carried: {},
  }
}

export const diamonds: Workload = {
  name: 'diamonds',
  cases: [
    {
      id: 'diamonds',
      title: 'uneven diamonds: 6 branches × 5 stages of 5–100 ms',
      units: 1,
      unit: 'run',
      size: 32,
      rivals: allRivals,
      modes: ['quick', 'full'],
      samples: 5,
      note: `The critical path is ${criticalPathMs} ms.`,
    },
  ],
  async measure(_one, rival, child) {
    const witness = createWitness(false)
    const warmUp = { job: diamondJob(witness, 0.01), times: 5 }
    return measureJob({ rival: await loadRival(rival), job: diamondJob(witness, 1), witness, warmUp }, child)
  },
}
