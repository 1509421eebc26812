/**
 * What listing runs costs with many in the file: 50 runs by every kind of filter, each with the plan of its query.
 *
 *   node bench/store/listing.ts [runs]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NewRun, RunFilter } from '../../src/execution/store.ts'
import { openSqliteStore } from '../../src/execution/stores/sqlite.ts'
import type { RunStatus } from '../../src/foundation/outcome.ts'

const count = Number(process.argv[2] ?? 100_000)
const folder = mkdtempSync(join(tmpdir(), 'stagegraph-listing-'))
const path = join(folder, 'runs.db')
const day = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString()
const owner = { host: 'h', pid: 1, started: '1', boot: 'b', engine: 'e' }

/** Most succeeded; some failed; the only running and waiting ones are very old; one pipeline ran three times long ago. */
function run(n: number): NewRun {
  const statuses: readonly RunStatus[] = ['succeeded', 'succeeded', 'succeeded', 'succeeded', 'failed']
  const status: RunStatus = n === 5 ? 'running' : n === 7 ? 'waiting' : (statuses[n % 5] ?? 'succeeded')
  return {
    id: `run-${n}`,
    pipeline: n > 100 && n < 104 ? 'rare' : `pipeline-${n % 7}`,
    version: null,
    plan: 'hash',
    file: '/somewhere/pipeline.yaml',
    status,
    inputs: { topic: `topic ${n}`, text: 'x'.repeat(300) },
    progress: 100,
    created_at: day(n),
    updated_at: day(n),
    ended_at: n === 5 || n === 7 ? null : day(n),
    active_ms: 10,
    stretches: 1,
    cancel_requested: false,
  }
}

const filters: readonly RunFilter[] = [
  {},
  { limit: 1 },
  { pipeline: 'pipeline-3' },
  { pipeline: 'rare' },
  { pipeline: 'never' },
  { status: ['failed'] },
  { status: ['running', 'waiting'] },
  { status: ['cancelled'] },
  { status: ['succeeded', 'failed', 'running'] },
  { pipeline: 'pipeline-3', status: ['running'] },
  { pipeline: 'pipeline-3', status: ['failed', 'cancelled'] },
  { pipeline: 'rare', status: ['failed'] },
  { since: day(count - 20) },
  { since: day(0) },
  { since: day(0), status: ['waiting'] },
  { since: day(count / 2), pipeline: 'pipeline-1', status: ['failed'] },
]

const store = openSqliteStore(path)
const making = performance.now()
for (let n = 0; n < count; n++) {
  const lease = await store.createRun(run(n), { owner, expiresAtMs: 0 })
  if (lease) await store.release(lease)
}
console.log(`${count} runs made in ${Math.round(performance.now() - making)} ms`)
await store.close()
console.log(`${statSync(path).size} bytes`)

const opened = openSqliteStore(path)
for (const filter of filters) {
  const times: number[] = []
  let found = 0
  for (let round = 0; round < 5; round++) {
    const start = performance.now()
    found = (await opened.listRuns(filter)).length
    times.push(performance.now() - start)
  }
  const [first, ...others] = times.map((time) => time.toFixed(2))
  console.log([JSON.stringify(filter), `${found} runs`, `first ${first} ms`, `then ${others.sort()[1]} ms`].join('\t'))
}
const ending = performance.now()
const ended = await opened.deleteRunsEndedBefore(day(200))
console.log(`${ended.length} old runs deleted in ${(performance.now() - ending).toFixed(1)} ms`)
const leases = performance.now()
console.log(`${(await opened.leases()).length} leases read in ${(performance.now() - leases).toFixed(1)} ms`)
await opened.close()
rmSync(folder, { recursive: true })
