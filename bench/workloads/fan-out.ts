/**
 * One trivial function over many items, the results gathered in a list.
 *
 * Everyone uses what they have for it: `Send`, `.foreach`, `Promise.all`, our `foreach` with a record of each item in the
 * journal of its run.
 */
import { join } from 'node:path'
import type { Case, ChildSettings, Finding, Job, Step, Workload } from '../harness/contract.ts'
import { watchHeap } from '../harness/heap.ts'
import { measureJob } from '../harness/measure-job.ts'
import { createWitness, type Witness } from '../harness/witness.ts'
import { loadRival } from '../rivals/load.ts'

function fanJob(size: number, witness: Witness): Job {
  const steps = Array.from({ length: size }, (_, index): Step => {
    return {
      id: `i${index}`,
      needs: [],
      slot: 'results',
      work() {
        witness.saw(index)
        return index * 2
      },
    }
  })
  return {
    name: 'fan_out',
    shape: { is: 'fan' },
    steps,
    slots: { results: 'append' },
    exposed: ['results'],
    carried: {},
  }
}

const everyone = ['stagegraph-sqlite', 'graph-sqlite', 'graph-memory', 'graph', 'graph-our-saver', 'mastra', 'function']
const sends = everyone.filter((name) => name.startsWith('graph'))

const fan = (size: number, more: Partial<Case>): Case => ({
  id: `fan-${size}`,
  title: `fan-out over ${size.toLocaleString('en')} items`,
  units: size,
  unit: 'item',
  size,
  rivals: everyone,
  modes: ['quick', 'full'],
  samples: 3,
  note: 'Ours: `foreach`, 16 items at once, every start and end in the journal of the run.',
  ...more,
})

export const fanOut: Workload = {
  name: 'fan-out',
  cases: [
    fan(100, {}),
    fan(1_000, { samples: 1 }),
    fan(10_000, {
      samples: 1,
      once: sends,
      fullOnly: sends,
      rivals: everyone.filter((name) => name !== 'graph-our-saver'),
    }),
  ],
  async measure(one, rival, child) {
    const witness = createWitness(false)
    const warmUp = { job: fanJob(Math.min(one.size, 100), witness), times: 4 }
    const found = await measureJob(
      { rival: await loadRival(rival), job: fanJob(one.size, witness), witness, warmUp },
      child,
    )
    return rival === 'stagegraph-sqlite' ? withHeap(found, one.size, child) : found
  },
}

/** Looks at the memory of one more run. */
async function withHeap(found: Finding, size: number, child: ChildSettings): Promise<Finding> {
  const { prepare } = await loadRival('stagegraph-sqlite')
  const witness = createWitness(false)
  const job = fanJob(size, { ...witness, saw: () => watch.look() })
  const prepared = await prepare(job, { file: join(child.directory, 'heap.db'), lowering: child.lowering })
  const watch = await watchHeap(Math.ceil(size / 40))
  await prepared.run()
  const heapBytes = watch.peakBytes
  await prepared.close()
  return { ...found, samples: found.samples.map((sample) => ({ ...sample, heapBytes })) }
}
