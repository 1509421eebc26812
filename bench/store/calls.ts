/**
 * CPU of one call of a saver, ours beside LangGraph's MemorySaver: put, putWrites, getTuple; and of a getTuple by a
 * process that has just opened the file.
 *
 *   node bench/store/calls.ts
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunnableConfig } from '@langchain/core/runnables'
import { type BaseCheckpointSaver, emptyCheckpoint, MemorySaver } from '@langchain/langgraph-checkpoint'
import { openSqliteStore } from '../../src/execution/stores/sqlite.ts'
import { textOf } from '../workloads/text.ts'

const folder = mkdtempSync(join(tmpdir(), 'stagegraph-bench-'))

function cpuMs(since?: number): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000 - (since ?? 0)
}

interface Spent {
  put: number
  writes: number
}

/** `steps` checkpoints of a thread; with `grows` a list gets 1 KB longer at each, otherwise only a counter changes. */
async function walk(
  saver: BaseCheckpointSaver,
  steps: number,
  grows: boolean,
): Promise<Spent & { at: RunnableConfig }> {
  const spent = { put: 0, writes: 0 }
  let at: RunnableConfig = { configurable: { thread_id: 't', checkpoint_ns: '' } }
  let list: readonly string[] = []
  for (let n = 1; n <= steps; n++) {
    if (grows) list = [...list, textOf(1000, n)]
    const versions = { n, 'branch:to:step': n, ...(grows || n === 1 ? { list: n } : {}) }
    const checkpoint = {
      ...emptyCheckpoint(),
      id: String(n).padStart(8, '0'),
      channel_values: { n, list, 'branch:to:step': null },
      channel_versions: { list: 1, ...versions },
      versions_seen: { __input__: {}, step: { 'branch:to:step': n - 1 } },
    }
    const start = cpuMs()
    at = await saver.put(at, checkpoint, { source: 'loop', step: n, parents: {} }, versions)
    const middle = cpuMs()
    await saver.putWrites(
      at,
      [
        ['n', n + 1],
        ['list', grows ? [textOf(1000, n + 1)] : []],
      ],
      `task ${n}`,
    )
    spent.put += middle - start
    spent.writes += cpuMs(middle)
  }
  return { put: spent.put / steps, writes: spent.writes / steps, at }
}

async function getTuple(saver: BaseCheckpointSaver, at: RunnableConfig, times: number): Promise<number> {
  const start = cpuMs()
  for (let i = 0; i < times; i++) await saver.getTuple(at)
  return cpuMs(start) / times
}

const micro = (ms: number) => `${Math.round(ms * 1000)}`

console.log(['workload', 'saver', 'put µs', 'putWrites µs', 'getTuple µs', 'getTuple after opening µs'].join('\t'))
for (const [steps, grows] of [
  [100, false],
  [5000, false],
  [1000, true],
] as const) {
  const title = grows ? `list + 1 KB × ${steps}` : `a counter × ${steps}`
  const memory = new MemorySaver()
  const theirs = await walk(memory, steps, grows)
  console.log(
    [
      title,
      'MemorySaver',
      micro(theirs.put),
      micro(theirs.writes),
      micro(await getTuple(memory, theirs.at, 50)),
      '-',
    ].join('\t'),
  )
  const path = join(folder, `${steps}-${grows}.db`)
  const store = openSqliteStore(path)
  const ours = await walk(store.saver, steps, grows)
  const warm = await getTuple(store.saver, ours.at, 50)
  await store.close()
  const opened = openSqliteStore(path)
  const cold = await getTuple(opened.saver, ours.at, 1)
  await opened.close()
  console.log([title, 'ours', micro(ours.put), micro(ours.writes), micro(warm), micro(cold)].join('\t'))
}
rmSync(folder, { recursive: true })
