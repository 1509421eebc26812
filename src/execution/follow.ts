/**
 * The events of a run as a stream: first what is stored, then what happens, each once and in order.
 */
import { isTransient, type RunEvent } from '../foundation/events.ts'
import type { RunStore } from './store.ts'

const pageSize = 500

/** A run that goes on in this process. */
export interface LiveRun {
  subscribe(listener: (event: RunEvent) => void): () => void
  /** Resolves when nothing more will be said. */
  readonly ended: Promise<unknown>
}

/** Stored events after `after`, then, while the run goes on here, those that follow; transient ones only live. */
export async function* followLive(
  store: RunStore,
  runId: string,
  after: number,
  live: LiveRun,
): AsyncGenerator<RunEvent> {
  const arrived: RunEvent[] = []
  let wake: () => void = () => {}
  let over = false
  const unsubscribe = live.subscribe((event) => {
    arrived.push(event)
    wake()
  })
  void live.ended.then(() => {
    over = true
    wake()
  })
  try {
    let last = after
    for await (const event of storedEvents(store, runId, after)) {
      last = event.seq
      yield event
    }
    for (;;) {
      for (let event = arrived.shift(); event; event = arrived.shift()) {
        if (isTransient(event) ? event.seq < last : event.seq <= last) continue
        if (!isTransient(event)) last = event.seq
        yield event
      }
      if (over) return
      await new Promise<void>((resolve) => {
        wake = resolve
        if (over || arrived.length > 0) resolve()
      })
    }
  } finally {
    unsubscribe()
  }
}

/** Events of a run that goes on in another process, or will: looks every `pollMs` until the run stops or `signal` fires. */
export async function* followStored(
  store: RunStore,
  runId: string,
  after: number,
  options: {
    readonly signal?: AbortSignal | undefined
    readonly pollMs: number
    readonly active: () => Promise<boolean>
  },
): AsyncGenerator<RunEvent> {
  let last = after
  while (!options.signal?.aborted) {
    const active = await options.active() // asked before reading, so that nothing said in between is missed
    for await (const event of storedEvents(store, runId, last)) {
      last = event.seq
      yield event
    }
    if (!active) return
    await pause(options.pollMs, options.signal)
  }
}

export async function* storedEvents(store: RunStore, runId: string, after: number): AsyncGenerator<RunEvent> {
  for await (const page of storedPages(store, runId, after, pageSize)) yield* page
}

/** The same, `size` at once: for whoever wants them all, a promise per event is the larger part of the work. */
export async function* storedPages(
  store: RunStore,
  runId: string,
  after: number,
  size: number,
): AsyncGenerator<readonly RunEvent[]> {
  for (let last = after; ; ) {
    const page = await store.readEvents(runId, last, size)
    yield page
    const end = page.at(-1)
    if (!end || page.length < size) return
    last = end.seq
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}
