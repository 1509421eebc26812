/** Many short runs: pipelines of five stages, eight at a time, each on a thread of its own in one store. */
import { join } from 'node:path'
import type { Finding, Prepared, Sample, Workload } from '../harness/contract.ts'
import { digestOf } from '../harness/digest.ts'
import { metered } from '../harness/meter.ts'
import { createWitness } from '../harness/witness.ts'
import { loadRival } from '../rivals/load.ts'
import { allRivals } from '../rivals/titles.ts'
import { chainJob } from './chain.ts'

const runs = 200
const atATime = 8

export const throughput: Workload = {
  name: 'throughput',
  cases: [
    {
      id: 'throughput',
      title: `runs of 5 stages, ${atATime} at a time`,
      units: runs,
      unit: 'run',
      size: 5,
      rivals: allRivals,
      modes: ['quick', 'full'],
      samples: 2,
    },
  ],
  async measure(one, name, { lowering, samples, directory }): Promise<Finding> {
    const rival = await loadRival(name)
    const witness = createWitness(false)
    const job = chainJob(one.size, witness)
    const found: Sample[] = []
    for (let i = 0; i <= samples; i++) {
      witness.reset()
      const prepared = await rival.prepare(job, { file: join(directory, `${i}.db`), lowering })
      const { sample } = await metered(() => runAll(prepared))
      await prepared.close()
      if (i > 0) found.push(sample)
    }
    return { samples: found, digest: digestOf({ ...witness.statement() }) }
  },
}

async function runAll(prepared: Prepared): Promise<void> {
  let left = runs
  const lane = async () => {
    while (left-- > 0) await prepared.run()
  }
  await Promise.all(Array.from({ length: atATime }, lane))
}
