/**
 * A process of its own that works on a store, for `sqlite.processes.test.ts`. It says `ready`, waits for a line on its
 * standard input, and does what its first argument names.
 */
import { once } from 'node:events'
import { emptyCheckpoint, uuid6 } from '@langchain/langgraph-checkpoint'
import type { Lease, NewEvent } from '../../../src/execution/store.ts'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { ThreadError } from '../../../src/foundation/errors.ts'

const [work, path = '', name = '', count = '0', held = 'null'] = process.argv.slice(2)
/** Of the run that all processes share, who are one owner here. */
const lease = JSON.parse(held) as Lease
const at = '2026-01-01T00:00:00.000Z'
const store = openSqliteStore(path)
let seen = 0

const works: Readonly<Record<string, () => Promise<void>>> = {
  /** Claims run after run; says for each whether it won. */
  async claim() {
    const owner = { host: 'h', pid: process.pid, started: '1', boot: 'b', engine: name }
    for (let i = 0; i < Number(count); i++) {
      const result = await store.claim(`r${i}`, { owner, expiresAtMs: 0 }, () => false)
      const won = 'lease' in result
      say({ run: `r${i}`, won, owner: won ? result.lease.owner : result.heldBy.owner })
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
  await append([event, { ...event, text: `${text} again` }], i)
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

/** Behind whatever is there; with a patch every other time. */
async function append(events: readonly NewEvent[], i: number): Promise<void> {
  for (;;) {
    const last = (await store.readEvents('shared', seen)).at(-1)?.seq ?? seen
    seen = last
    try {
      return await store.append(lease, last + 1, events, i % 2 === 0 ? undefined : { progress: i % 100 })
    } catch (error) {
      if (!(error instanceof ThreadError)) throw error // the other process came first
    }
  }
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
