/** The history of a run, stage by stage in the order of their commits: each entry is a place to fork from. */
import type { RunEvent } from '../foundation/events.ts'
import type { TerminalStatus } from '../foundation/outcome.ts'

export interface HistoryEntry {
  /** The last event of the stage: a fork from here has everything up to it. */
  readonly seq: number
  /** ISO 8601, UTC. */
  readonly at: string
  readonly stage: string
  readonly status: TerminalStatus
  readonly attempts: number
  /** Names of the variables that it set. */
  readonly set: readonly string[]
}

/** Oldest first. */
export async function readCommits(events: AsyncIterable<RunEvent>): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = []
  for await (const event of events) {
    const { seq, at } = event
    const last = entries.at(-1)
    if (event.type === 'variable.changed' && last?.stage === event.stage) {
      entries[entries.length - 1] = { ...last, seq, set: [...last.set, event.variable] }
    } else if (isEnd(event)) {
      const attempts = 'attempts' in event ? event.attempts : 0
      entries.push({ seq, at, stage: event.stage, status: statusOf[event.type], attempts, set: [] })
    }
  }
  return entries
}

const statusOf = {
  'stage.succeeded': 'succeeded',
  'stage.failed': 'failed',
  'stage.skipped': 'skipped',
  'stage.cancelled': 'cancelled',
} as const

const isEnd = (event: RunEvent): event is Extract<RunEvent, { type: keyof typeof statusOf }> =>
  Object.hasOwn(statusOf, event.type)
