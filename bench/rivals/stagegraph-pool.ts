/**
 * Our engine's pool on a fan-out: an item of a list at a time, each with its start and its end in the run's journal.
 *
 * It is what `foreach` stands on, which comes with the language. The run, its log and its store are those of the engine.
 */
import type { Claim, NewRun, RunStore } from '../../src/index.ts'
import type { Job, Json, Prepared } from '../harness/contract.ts'
import { loadOurs, loadPool } from '../harness/ours.ts'

const { systemClock } = await loadOurs()
const { runPool, runItem, createRunLog, noPast, currentOwner } = await loadPool()

/** As many as Mastra gets. */
const atOnce = 16

export function preparePool(job: Job, store: RunStore): Prepared {
  const owner = currentOwner('bench')
  let runs = 0
  return {
    async run() {
      const id = `fan-${runs++}`
      const results = await fanOut(job, store, id, { owner, expiresAtMs: Date.now() + 60_000 })
      return () => finalOf(job, store, id, results)
    },
    close: () => store.close(),
  }
}

async function fanOut(job: Job, store: RunStore, id: string, claim: Claim): Promise<readonly Json[]> {
  const lease = await store.createRun(newRun(job, id), claim)
  if (!lease) throw new Error(`${id} was there already`)
  const journal = createRunLog({
    append: (first, events, patch) => store.append(lease, first, events, patch),
    runId: id,
    clock: systemClock,
    seq: 0,
    annotate: () => ({}),
    patch: () => ({}),
    onFailure: () => {}, // whoever waits for a commit is told
  })
  const ports = { recorded: { journal, past: noPast }, clock: systemClock, kind: 'uses' }
  const { steps } = job
  const results = await runPool(steps.length, atOnce, (index) =>
    runItem(ports, `item[${index}]`, () => steps[index]?.work() ?? null),
  )
  await journal.flush({ status: 'succeeded' })
  journal.close()
  await store.release(lease)
  return results
}

/** Throws unless every item has its start and its end in the journal. */
async function finalOf({ slots, steps }: Job, store: RunStore, id: string, results: readonly Json[]) {
  const events = await store.readEvents(id)
  for (const type of ['stage.started', 'stage.succeeded']) {
    const of = new Set(events.flatMap((event) => (event.type === type && 'stage' in event ? event.stage : [])))
    if (of.size !== steps.length) throw new Error(`the journal has "${type}" of ${of.size} of ${steps.length} items`)
  }
  return Object.fromEntries(Object.keys(slots).map((slot) => [slot, results]))
}

function newRun({ name }: Job, id: string): NewRun {
  const at = new Date().toISOString()
  return {
    id,
    pipeline: name,
    version: null,
    plan: 'none',
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
  }
}
