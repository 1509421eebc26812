/**
 * One item of a list with a record of its own: what is recorded does not run again.
 *
 *   recorded? → say(stage.started) → commit → effect → say(stage.succeeded)
 *
 * That its end is durable is waited for by whoever needs it: the items that follow, or the stage the list belongs to.
 */
import type { Clock } from '../foundation/clock.ts'
import type { Recorded } from '../foundation/journal.ts'
import { deepFreeze, type Json } from '../foundation/json.ts'

export interface ItemPorts {
  readonly recorded: Pick<Recorded, 'journal' | 'past'>
  readonly clock: Clock
  readonly kind: string
}

/** `path` names the item, such as `fetch[3]`. Rejects with what the effect throws, and with JournalError. */
export async function runItem(
  { recorded: { journal, past }, clock, kind }: ItemPorts,
  path: string,
  effect: (attempt: number) => Promise<Json> | Json,
): Promise<Json> {
  const { outcome, attempts } = past.of(path)
  if (outcome) return outcome.output
  const attempt = attempts + 1
  journal.say({ type: 'stage.started', stage: path, kind, attempt })
  await journal.commit()
  const startedMs = clock.now()
  const output = deepFreeze(await effect(attempt))
  const duration_ms = Math.max(0, Math.round(clock.now() - startedMs))
  journal.say({ type: 'stage.succeeded', stage: path, output, attempts: attempt, duration_ms })
  void journal.commit().catch(() => undefined) // whoever goes on waits for it
  return output
}
