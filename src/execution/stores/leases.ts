/**
 * Who holds a thread, over rows.
 */
import { sameOwner } from '../owner.ts'
import type { Claim, HeldLease, Lease } from '../store.ts'
import { fenced, type RunNumbers } from './run-numbers.ts'
import type { LeaseRow, Tables } from './tables.ts'

type Taken = { readonly lease: Lease; readonly lost?: HeldLease } | { readonly heldBy: HeldLease }

export function leases(tables: Tables, numbers: RunNumbers) {
  const heldOnly = (row: LeaseRow) => (row.owner === null ? [] : [heldLease(row, row.owner)])
  return {
    async claim(thread: string, claim: Claim, mayTake: (held: HeldLease) => boolean): Promise<Taken> {
      const { taken, run } = tables.write(() => ({
        taken: takeThread(tables, thread, claim, mayTake),
        run: tables.runs.place(thread),
      }))
      if (run && 'lease' in taken) numbers.remember(taken.lease, run.n)
      return taken
    },
    async renew(lease: Lease, expiresAtMs: number): Promise<void> {
      if (!tables.single(() => tables.leases.change(lease, lease.owner, expiresAtMs))) throw fenced(lease)
    },
    async release(lease: Lease): Promise<void> {
      numbers.forget(lease.thread)
      tables.single(() => tables.leases.change(lease, null, 0))
    },
    async leases(): Promise<readonly HeldLease[]> {
      return tables.read(() => tables.leases.held()).flatMap(heldOnly)
    },
  }
}

/** In the caller's transaction. Whoever takes a thread has a new epoch, also when it was theirs before. */
export function takeThread(
  { leases: table }: Tables,
  thread: string,
  { owner, expiresAtMs }: Claim,
  mayTake: (held: HeldLease) => boolean,
): Taken {
  const row = table.get(thread)
  const other = row?.owner && !sameOwner(row.owner, owner) ? heldLease(row, row.owner) : undefined
  if (other && !mayTake(other)) return { heldBy: other }
  const { host, pid, started, boot, engine } = owner
  const mine = Object.freeze({ host, pid, started, boot, engine })
  const lease = { thread, owner: mine, epoch: (row?.epoch ?? table.floor()) + 1 }
  table.put({ ...lease, expiresAtMs })
  return { lease, ...(other && { lost: other }) }
}

const heldLease = ({ thread, epoch, expiresAtMs }: LeaseRow, owner: HeldLease['owner']): HeldLease => ({
  thread,
  owner,
  epoch,
  expiresAtMs,
})
