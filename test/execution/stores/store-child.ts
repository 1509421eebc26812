/**
 * A process of its own that works on a store, for `sqlite.processes.test.ts`. It says `ready`, waits for a line on its
 * standard input, and does what its first argument names.
 */
import { once } from 'node:events'
import { emptyCheckpoint, uuid6 } from '@langchain/langgraph-checkpoint'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'

const [work, path = '', name = '', count = '0'] = process.argv.slice(2)
const at = '2026-01-01T00:00:00.000Z'
const store = openSqliteStore(path)

const works: Readonly<Record<string, () => Promise<void>>> = {
  /** Claims run after run; says for each whether it won. */
  async claim() {
    const owner = { host: 'h', pid: process.pid, started: '1', boot: 'b', engine: name }
    for (let i = 0; i < Number(count); i++) {
      const result = await store.claimRun(`r${i}`, owner, () => false)
      say({ run: `r${i}`, won: result === 'claimed', owner: result === 'claimed' ? owner : result })
    }
  },
  /** Appends two events at a time to one run that both processes share, and puts checkpoints on a thread of its own. */
  async append() {
    for (let i = 0; i < Number(count); i++) await step(i)
  },
  /** The same until it is killed; says what it knows to be stored. */
  async forever() {
    for (let i = 0; ; i++) {
      await step(i)
      say({ stored: i })
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve)) // lets the pipe be written
    }
  },
}

async function step(i: number): Promise<void> {
  const text = `${name} ${i}`
  const event = { type: 'stage.output', stage: name, stream: 'stdout', text, at } as const
  await store.appendEvents('shared', [event, { ...event, text: `${text} again` }], { progress: i % 100 })
  const latest = await store.saver.getTuple(thread)
  const versions = { n: i + 1 }
  const values = { n: i, big: 'x'.repeat(2000) }
  const fresh = i === 0 ? { n: 1, big: 1 } : versions
  const checkpoint = {
    ...emptyCheckpoint(),
    id: uuid6(i),
    channel_values: values,
    channel_versions: { n: i + 1, big: 1 },
  }
  const parent = latest?.config ?? thread
  const config = await store.saver.put(parent, checkpoint, { source: 'loop', step: i, parents: {} }, fresh)
  await store.saver.putWrites(config, [['n', i + 1]], 'task')
}

const thread = { configurable: { thread_id: `thread-${name}`, checkpoint_ns: '' } }

function say(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

say('ready')
await once(process.stdin, 'data')
await works[work ?? '']?.()
await store.close()
process.stdin.destroy()
