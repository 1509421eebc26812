import { beforeEach, describe, expect, it } from 'vitest'
import { followLive } from '../../src/execution/follow.ts'
import { currentOwner } from '../../src/execution/owner.ts'
import { createRunLog, type RunLog } from '../../src/execution/run-log.ts'
import type { RunStore } from '../../src/execution/store.ts'
import { createManualClock, createMemoryStore, type RunEvent } from '../../src/index.ts'

const clock = createManualClock()
let store: RunStore
let log: RunLog
let failures: unknown[]
let appends: string[][]

beforeEach(async () => {
  store = createMemoryStore()
  failures = []
  const at = new Date(clock.now()).toISOString()
  const lease = await store.createRun(
    {
      id: 'r',
      pipeline: 'p',
      version: null,
      plan: 'x',
      file: null,
      status: 'running',
      inputs: {},
      progress: 0,
      created_at: at,
      updated_at: at,
      ended_at: null,
      active_ms: 0,
      stretches: 1,
      cancel_requested: false,
    },
    { owner: currentOwner('e'), expiresAtMs: clock.now() + 60_000 },
  )
  if (!lease) throw new Error('not created')
  appends = []
  log = createRunLog({
    append(first, events, patch) {
      appends.push(events.map(({ type }) => type))
      return store.append(lease, first, events, patch)
    },
    runId: 'r',
    clock,
    seq: 0,
    annotate: () => ({}),
    patch: () => ({}),
    onFailure: (error) => failures.push(error),
  })
})

const started = (stage: string) => ({ type: 'stage.started', stage, kind: 'run', attempt: 1 }) as const
const succeeded = (stage: string) =>
  ({ type: 'stage.succeeded', stage, output: 1, attempts: 1, duration_ms: 0 }) as const
const stored = async () => (await store.readEvents('r')).map((event) => `${event.seq} ${event.type}`)

describe('the log of a run', () => {
  it('stores what one tick says with one commit, the first of which waits for all', async () => {
    log.say(started('a'))
    const first = log.commit()
    await Promise.resolve() // still the same tick
    log.say(succeeded('a'))
    log.say(started('b'))
    expect(appends).toEqual([])
    await Promise.all([first, log.commit()])
    expect(appends).toEqual([['stage.started', 'stage.succeeded', 'stage.started']])
    expect(await stored()).toEqual(['1 stage.started', '2 stage.succeeded', '3 stage.started'])
  })

  it('has nothing to do for a commit when everything is stored', async () => {
    log.say(started('a'))
    await log.commit()
    await log.commit()
    expect(appends).toHaveLength(1)
  })

  it('stores by itself what nobody commits', async () => {
    log.say(started('a'))
    await new Promise<void>((resolve) => void log.subscribe(() => resolve()))
    expect(await stored()).toEqual(['1 stage.started'])
  })

  it('tells subscribers what is stored, after it is, and only what is said later', async () => {
    const heard: string[] = []
    log.subscribe((event) => heard.push(`${event.seq} ${event.type}`))
    log.say(started('a'))
    expect(heard).toEqual([])
    await log.flush()
    expect(heard).toEqual(['1 stage.started'])
  })

  it('does not store what is transient: it carries the last seq and counts on', async () => {
    const heard: RunEvent[] = []
    log.subscribe((event) => heard.push(event))
    log.say(started('a'))
    await log.flush()
    log.say({ type: 'token.streamed', stage: 'a', text: 'x' })
    log.say({ type: 'token.streamed', stage: 'a', text: 'y' })
    expect(heard.slice(1)).toMatchObject([
      { seq: 1, sub: 1, text: 'x' },
      { seq: 1, sub: 2, text: 'y' },
    ])
    expect(await stored()).toEqual(['1 stage.started'])
  })

  it('says once that the store cannot, and drops nothing silently', async () => {
    await store.close()
    log.say(started('a'))
    await expect(log.flush()).rejects.toMatchObject({ name: 'JournalError', cause: { code: 'store_closed' } })
    log.say(started('b'))
    await expect(log.flush()).rejects.toMatchObject({ name: 'JournalError', cause: { code: 'store_closed' } })
    expect(failures).toHaveLength(1)
  })
})

describe('following a run', () => {
  it('gives history and what follows, each once and in order, to early and late subscribers alike', async () => {
    let end: () => void = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const follow = async () => {
      const seen: number[] = []
      for await (const { seq } of followLive(store, 'r', 0, { subscribe: (each) => log.subscribe(each), ended }))
        seen.push(seq)
      return seen
    }
    const early = follow()
    log.say(started('a'))
    await log.flush()
    const late = follow()
    log.say(started('b'))
    log.say(started('c'))
    await log.flush()
    end()
    expect(await early).toEqual([1, 2, 3])
    expect(await late).toEqual([1, 2, 3])
  })
})
