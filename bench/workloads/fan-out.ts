/**
 * One trivial function over many items, the results gathered in a list.
 *
 * Rivals use what they have for it: `Send`, `.foreach`, `Promise.all`. We have no `foreach` yet; until then a pipeline of
 * as many stages side by side, each with its own row and events and appending to one variable, stands for it.
 */
import type { Case, Job, Step, Workload } from '../harness/contract.ts'
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
  note: 'Ours: stages side by side; `foreach` comes with the language.',
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
      notOnStages: ['stagegraph-sqlite'],
      note: 'On `stages` our side comes with `foreach`: a node for each of 10,000 items is not how one would write it.',
    }),
  ],
  async measure(one, rival, child) {
    const witness = createWitness(false)
    const warmUp = { job: fanJob(Math.min(one.size, 100), witness), times: 4 }
    return measureJob({ rival: await loadRival(rival), job: fanJob(one.size, witness), witness, warmUp }, child)
  },
}
