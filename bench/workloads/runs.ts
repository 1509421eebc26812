/** `runs`: the list of the latest runs, with a hundred or a hundred thousand of them in the file. */
import { join } from 'node:path'
import type { Claim, NewRun } from '../../src/index.ts'
import type { Case, Finding, Sample, Workload } from '../harness/contract.ts'
import { digestOf } from '../harness/digest.ts'
import { metered } from '../harness/meter.ts'
import { loadOurs } from '../harness/ours.ts'

const calls = 20

const listed = (size: number): Case => ({
  id: `runs-${size}`,
  title: `list runs, ${size.toLocaleString('en')} in the file`,
  units: calls,
  unit: 'list',
  size,
  rivals: ['stagegraph-sqlite'],
  modes: ['quick', 'full'],
  samples: 5,
  once: size > 1_000 ? ['stagegraph-sqlite'] : [],
  note: 'Newest 50, alternating with the newest 50 that failed. No rival lists runs.',
})

export const runs: Workload = {
  name: 'runs',
  cases: [listed(100), listed(100_000)],
  async measure(one, _rival, { samples, directory }): Promise<Finding> {
    const { openStore, createEngine } = await loadOurs()
    const store = openStore(join(directory, 'runs.db'))
    for (let i = 0; i < one.size; i++) {
      const lease = await store.createRun(record(i), claim)
      if (lease) await store.release(lease)
    }
    const engine = createEngine({ store })
    const found: Sample[] = []
    for (let i = 0; i < samples + 2; i++) {
      const { value, sample } = await metered(async () => {
        let count = 0
        for (let call = 0; call < calls; call++) {
          count += (await engine.list(call % 2 === 0 ? {} : { status: ['failed'] })).length
        }
        return count
      })
      if (value < calls * 5) throw new Error(`only ${value} runs were listed`)
      if (i > 1) found.push(sample)
    }
    await store.close()
    return { samples: found, digest: digestOf(one.size) }
  },
}

/** Whoever made these runs is gone. */
const claim: Claim = {
  owner: { host: 'bench', pid: 1, started: '1', boot: 'bench', engine: 'bench' },
  expiresAtMs: 1_700_000_000_000,
}

function record(index: number): NewRun {
  const at = new Date(1_700_000_000_000 + index * 1_000).toISOString()
  return {
    id: `r${index}`,
    pipeline: `pipeline_${index % 7}`,
    version: null,
    plan: 'none',
    file: null,
    status: index % 10 === 0 ? 'failed' : 'succeeded',
    inputs: { topic: `topic ${index}` },
    progress: 100,
    created_at: at,
    updated_at: at,
    ended_at: at,
    active_ms: 1_200,
    stretches: 1,
    cancel_requested: false,
  }
}
