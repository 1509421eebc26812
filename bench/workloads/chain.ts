/** Chains of stages that do nothing: what a stage costs. Every stage is recorded and tells its events. */
import type { Case, Job, Step, Workload } from '../harness/contract.ts'
import { measureSteady } from '../harness/measure-steady.ts'
import { createWitness, type Witness } from '../harness/witness.ts'
import { loadRival } from '../rivals/load.ts'
import { chainRivals } from '../rivals/titles.ts'

/** `size` steps one after another; each returns its number. */
export function chainJob(size: number, witness: Witness): Job {
  const steps = Array.from({ length: size }, (_, index): Step => {
    return {
      id: `s${index}`,
      needs: index === 0 ? [] : [`s${index - 1}`],
      slot: 'last',
      work() {
        witness.saw(index)
        return index
      },
    }
  })
  return {
    name: `chain_${size}`,
    shape: { is: 'chain' },
    steps,
    slots: { last: 'replace' },
    exposed: ['last'],
    carried: {},
  }
}

const ours = ['stagegraph-sqlite', 'stagegraph-memory']
const slow = ['graph-sqlite', 'graph-memory', 'graph', 'graph-our-saver', ...ours]

const chain = (size: number, more: Partial<Case> = {}): Case => ({
  id: `chain-${size}`,
  title: `chain of ${size.toLocaleString('en')} stages`,
  units: size,
  unit: 'stage',
  size,
  rivals: chainRivals,
  modes: ['quick', 'full'],
  samples: 3,
  ...more,
})

export const chains: Workload = {
  name: 'chain',
  cases: [
    chain(100, { samples: 2, rounds: 3 }),
    chain(10, { modes: ['full'] }),
    chain(1_000, { samples: 2 }),
    chain(2_000, { samples: 1, once: slow, modes: ['full'], rivals: ['stagegraph-sqlite', 'graph-our-saver'] }),
    chain(5_000, {
      samples: 1,
      once: slow,
      fullOnly: slow.filter((name) => !ours.includes(name)),
      fullOnlyOnStages: ours,
    }),
  ],
  async measure(one, rival, child) {
    const witness = createWitness(true)
    const job = chainJob(one.size, witness)
    const warmUp = one.size > 100 ? chainJob(100, witness) : job
    return measureSteady({ rival: await loadRival(rival), job, witness, warmUp }, child)
  },
}
