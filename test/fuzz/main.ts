/**
 * `npm run fuzz [-- --seed n --count n]`: 100,000 random inputs. Exits with 1 at the first that breaks something, and at
 * one that takes longer than anything may take.
 *
 * The inputs run in a worker, so that the main thread can tell a hang and name its seed.
 */
import { parseArgs } from 'node:util'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { fuzz } from './fuzz.ts'

/** An input that takes longer hangs. Generous, for a busy machine. */
const hangMs = 30_000

interface Task {
  readonly seed: number
  readonly count: number
  /** Inputs started, and the seed of the last one. */
  readonly progress: SharedArrayBuffer
}

if (isMainThread) watch()
else work(workerData as Task)

function work({ seed, count, progress }: Task): void {
  const shared = new Float64Array(progress)
  const started = performance.now()
  const { documents, expressions, schemas, modules, slowest } = fuzz(seed, count, (own, done) => {
    shared[0] = done + 1
    shared[1] = own
    if (done > 0 && done % 10_000 === 0) console.log(`  ${done} done`)
  })
  const seconds = (performance.now() - started) / 1_000
  const cpuSeconds = process.cpuUsage().user / 1_000_000
  console.log(
    `fuzz: ${documents} documents, ${expressions} expressions, ${schemas} schemas and ${modules} source files`,
    `in ${seconds.toFixed(0)} s (${cpuSeconds.toFixed(0)} s of CPU): no crash, no hang`,
  )
  for (const each of slowest) console.log(`  slow: seed ${each.seed}, ${each.kind}, ${each.ms.toFixed(0)} ms`)
}

function watch(): void {
  const { values } = parseArgs({ options: { seed: { type: 'string' }, count: { type: 'string' } } })
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  const count = Number(values.count ?? 100_000)
  console.log(`fuzz: ${count} inputs, seed ${seed}`)
  const progress = new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT)
  const worker = new Worker(new URL(import.meta.url), { workerData: { seed, count, progress } satisfies Task })
  const shared = new Float64Array(progress)
  let seen = { started: 0, atMs: performance.now() }
  const timer = setInterval(() => {
    const started = shared[0] as number
    const now = performance.now()
    if (started !== seen.started) seen = { started, atMs: now }
    else if (now - seen.atMs > hangMs) fail(`seed ${shared[1]} hangs`)
  }, 1_000)
  worker.on('error', (error) => fail(error))
  worker.on('exit', () => clearInterval(timer))
}

function fail(why: unknown): never {
  console.error(why)
  process.exit(1)
}
