/**
 * What the store costs: bytes on disk, bytes per step when the steps double, and CPU beside LangGraph's MemorySaver.
 *
 *   node bench/store/main.ts [--official]     # with --official also LangGraph's SqliteSaver, which takes a while
 *
 * Graphs are hand-written LangGraph graphs on our saver, so this is what a user of LangGraph alone would get.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Annotation, MemorySaver, StateGraph } from '@langchain/langgraph'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { openSqliteStore } from '../../src/execution/stores/sqlite.ts'
import { textOf } from '../workloads/text.ts'

interface Opened {
  readonly saver: BaseCheckpointSaver | undefined
  close(): Promise<void>
}

type Saver = 'none' | 'memory' | 'ours' | 'ours, sealed' | 'official'

async function open(saver: Saver, path: string): Promise<Opened> {
  const nothing = async () => {}
  if (saver === 'none') return { saver: undefined, close: nothing }
  if (saver === 'memory') return { saver: new MemorySaver(), close: nothing }
  if (saver === 'official') {
    const { SqliteSaver } = await import('@langchain/langgraph-checkpoint-sqlite')
    const made = SqliteSaver.fromConnString(path)
    return { saver: made, close: async () => void made.db.close() }
  }
  const keys = { current: 'k', keys: { k: Buffer.alloc(32, 1) } }
  const store = openSqliteStore(path, saver === 'ours' ? {} : { keys })
  return { saver: store.saver, close: () => store.close() }
}

/** A loop of one node; `step` says what the n-th pass writes. */
interface Work {
  readonly name: string
  readonly steps: number
  readonly list?: (n: number) => unknown[]
  readonly kept?: (n: number) => unknown
  readonly first?: Readonly<Record<string, unknown>>
}

function graphOf(work: Work, checkpointer: BaseCheckpointSaver | undefined) {
  const state = Annotation.Root({
    n: Annotation<number>,
    list: Annotation<unknown[]>({ reducer: (old, added) => [...old, ...added], default: () => [] }),
    kept: Annotation<Record<string, unknown>>({ reducer: (old, added) => ({ ...old, ...added }), default: () => ({}) }),
  })
  return new StateGraph(state)
    .addNode('step', ({ n }) => ({
      n: n + 1,
      ...(work.list && { list: work.list(n) }),
      ...(work.kept && { kept: { [`s${n}`]: work.kept(n) } }),
    }))
    .addEdge('__start__', 'step')
    .addConditionalEdges('step', ({ n }) => (n < work.steps ? 'step' : '__end__'))
    .compile({ ...(checkpointer && { checkpointer }) })
}

interface Row {
  readonly work: string
  readonly saver: Saver
  readonly bytes: number
  readonly cpuMs: number
  readonly readMs: number
}

async function measure(work: Work, saver: Saver): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'stagegraph-bench-'))
  const path = join(folder, 'runs.db')
  const opened = await open(saver, path)
  const config = { configurable: { thread_id: 't' }, durability: 'sync' as const, recursionLimit: work.steps + 10 }
  const cpu = process.cpuUsage()
  await graphOf(work, opened.saver).invoke({ n: 0, ...work.first } as never, config)
  const cpuMs = spent(cpu)
  const reading = process.cpuUsage()
  for (let i = 0; i < 20; i++) await opened.saver?.getTuple(config)
  const readMs = spent(reading) / 20
  await opened.close()
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  rmSync(folder, { recursive: true })
  return { work: work.name, saver, bytes, cpuMs, readMs }
}

function spent(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}

const listOf = (steps: number): Work => ({
  name: `list + 1 KB × ${steps}`,
  steps,
  list: (n) => [textOf(1000, n)],
})
const outputs = (steps: number): Work => ({ name: `${steps} × 100 KB`, steps, kept: (n) => textOf(100_000, n) })
const chain = (steps: number): Work => ({ name: `no payload × ${steps}`, steps })
const carried = (steps: number, kilobytes: number): Work => ({
  name: `${kilobytes} KB carried × ${steps}`,
  steps,
  first: { kept: { big: Array.from({ length: kilobytes }, (_, n) => textOf(1000, n)) } },
})

const savers: Saver[] = ['none', 'memory', 'ours', 'ours, sealed']
if (process.argv.includes('--official')) savers.push('official')
const works = [
  chain(200),
  listOf(500),
  listOf(1000),
  listOf(2000),
  outputs(100),
  outputs(200),
  carried(0, 1000),
  carried(50, 1000),
]

await measure(chain(50), 'ours') // warm
console.log(['work', 'saver', 'bytes', 'CPU ms', 'getTuple ms'].join('\t'))
for (const work of works) {
  for (const saver of savers) {
    if (saver === 'official' && /2000|200 ×/.test(work.name)) continue
    const row = await measure(work, saver)
    console.log([row.work, row.saver, row.bytes, row.cpuMs.toFixed(0), row.readMs.toFixed(2)].join('\t'))
  }
}
