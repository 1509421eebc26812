/**
 * What comes after a gate, for every way in which it can end, every join, and needs that are written or not
 * (language.md §2). What a gate shut for another reason than its own `if` never runs.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  compile,
  createEngine,
  createManualClock,
  createMemoryStore,
  type PipelineEngine,
  type RunStore,
} from '../../../src/index.ts'

const joins = ['none_failed', 'all_succeeded', 'all_done', 'any_succeeded'] as const
const needs = ['implicit', 'explicit', 'on failure'] as const
type Needs = (typeof needs)[number]

interface Cause {
  /** The stage before the gate. */
  readonly first?: string
  readonly gate?: string
  readonly approve?: string
  readonly does?: 'approve' | 'reject' | 'time'
  /** How the gate ends: its status, and its reason or the category of its error. */
  readonly ends: readonly [status: string, why: string | null]
  /** What passes on; absent: the join decides. */
  readonly passes?: string
}

const causes: Readonly<Record<string, Cause>> = {
  'it was approved': { does: 'approve', ends: ['succeeded', null] },
  'a rejection goes on': { does: 'reject', approve: 'on_reject: continue', ends: ['succeeded', null] },
  'its own if': { gate: 'if: 1 > 2', ends: ['skipped', 'condition'] },
  'its need was skipped': { first: 'if: 1 > 2', ends: ['skipped', 'need'], passes: 'need' },
  'its need has another status': {
    gate: 'needs: [{ stage: first, status: [failed] }]',
    ends: ['skipped', 'need'],
    passes: 'need',
  },
  'its need failed': { first: 'assert: [{ that: 1 > 2 }]', ends: ['skipped', 'failed'], passes: 'failed' },
  'a rejection stops': {
    does: 'reject',
    approve: 'on_reject: stop',
    ends: ['skipped', 'rejected'],
    passes: 'rejected',
  },
  'a rejection fails': { does: 'reject', ends: ['failed', 'rejected'], passes: 'rejected' },
  'nobody answered': { does: 'time', approve: 'timeout: 1h', ends: ['failed', 'timeout'], passes: 'rejected' },
  'nobody answered, which rejects': {
    does: 'time',
    approve: 'timeout: 1h, on_timeout: reject, on_reject: stop',
    ends: ['skipped', 'rejected'],
    passes: 'rejected',
  },
  'it could not be asked': {
    approve: 'show: "${{ [1][5] }}"',
    ends: ['failed', 'validation'],
    passes: 'rejected',
  },
}

function pipeline({ first = '', gate = 'needs: [first]', approve = '' }: Cause, join: string, kind: Needs) {
  const does = first.startsWith('assert') ? first : `transform: 1${first && `, ${first}`}`
  const written = gate.startsWith('needs') ? gate : `needs: [first], ${gate}`
  const after = {
    implicit: '',
    explicit: 'needs: [gate],',
    'on failure': 'needs: [{ stage: gate, status: [failed] }],',
  }[kind]
  return compile(`
name: p
stages:
  - { id: first, ${does} }
  - { id: gate, ${written}, approve: { message: m, ${approve} } }
  - { id: after, ${after} join: ${join}, transform: 2 }
`)
}

/** `ran`, or the reason of the skip. */
function expected({ first, ends: [status], passes }: Cause, join: (typeof joins)[number], kind: Needs): string {
  if (kind === 'on failure') return status === 'failed' ? 'ran' : (passes ?? 'condition')
  if (passes) return passes
  if (status === 'succeeded') return 'ran'
  // Skipped by its own if.
  if (join === 'all_done') return 'ran'
  if (kind === 'explicit' || join === 'all_succeeded') return 'need'
  return first === undefined ? 'ran' : 'need'
}

let store: RunStore
let engine: PipelineEngine
const clock = createManualClock()
beforeAll(() => {
  store = createMemoryStore({ clock })
  engine = createEngine({ store, clock, background: false })
})
afterAll(() => store.close())

async function run(cause: Cause, join: string, kind: Needs) {
  const { runId, status } = await engine.execute(pipeline(cause, join, kind))
  if (status === 'waiting') {
    if (cause.does === 'time') await clock.advance(3_600_000)
    else await engine.decide(runId, 'gate', { decision: cause.does === 'reject' ? 'rejected' : 'approved' })
    for (const each of await engine.tick()) if ('run' in each) await each.run.result
    for (let turn = 0; turn < 200 && (await engine.get(runId))?.ended_at === null; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  return engine.get(runId)
}

describe.each(Object.entries(causes))('a gate: %s', (_, cause) => {
  it.each(joins.flatMap((join) => needs.map((kind) => [join, kind] as const)))('%s, %s', async (join, kind) => {
    const state = await run(cause, join, kind)
    const [, gate, after] = state?.stages ?? []
    expect([gate?.status, gate?.reason ?? gate?.error?.category ?? null]).toEqual(cause.ends)
    expect(after?.status === 'succeeded' ? 'ran' : after?.reason).toBe(expected(cause, join, kind))
    expect(await engine.pending(state?.id)).toEqual([])
  })
})
