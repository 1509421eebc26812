// Until the log is the journal: the operations of the store as it was before. Goes away with the merge.
import type { RunEvent } from '../../src/foundation/events.ts'
import type { SimProcess } from './process.ts'

const epochs = new WeakMap<object, Map<SimProcess, number>>()

export function legacyOperations(
  process: SimProcess,
  store: any,
  asSeen: (owner: any) => any,
): Record<string, (...args: any[]) => unknown> {
  const { ledger, processes } = process.simulation
  const mine = epochs.get(processes) ?? new Map<SimProcess, number>()
  epochs.set(processes, mine)
  const claimed = () => {
    if (ledger.holder === process) return
    const epoch = Math.max(0, ...mine.values()) + 1
    mine.set(process, epoch)
    ledger.claimed(process, epoch)
  }
  return {
    async createRun(run: any) {
      const made = await store.createRun(run)
      if (made) claimed()
      return made
    },
    async claimRun(id: string, owner: any, isDead: (owner: any) => boolean) {
      const answer = await store.claimRun(id, owner, (held: any) => isDead(asSeen(held)))
      if (answer === 'claimed') claimed()
      return answer
    },
    async appendEvents(id: string, events: any, patch: any) {
      const stored: RunEvent[] = await store.appendEvents(id, events, patch)
      ledger.appended(process, mine.get(process) ?? 0, stored)
      return stored
    },
  }
}
