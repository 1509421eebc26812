/** The store with the journal or the lease switched off: what the harness must notice. */
import type { RunStore } from '../../src/execution/store.ts'
import type { Job } from './child-messages.ts'

export function switchedOff(store: RunStore, what: Job['without']): RunStore {
  return what === undefined ? store : store
}
