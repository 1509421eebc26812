/** The checkpointer of a store as anyone may give it to a graph of LangGraph. Pipelines' graphs ask it for a hold. */
import type { Hold, HoldingSaver } from '../../compiler/lower/hold.ts'
import type { Clock } from '../../foundation/clock.ts'
import { randomId } from '../../foundation/ids.ts'
import { currentOwner, isOwnerDead } from '../owner.ts'
import type { Lease, RunStore } from '../store.ts'
import { busy } from '../thread-errors.ts'
import { type SavedHistory, StoreSaver } from './saver.ts'

/** How long a thread is held after its holder was heard of last. Milliseconds. */
const holdMs = 60_000

type Leases = Pick<RunStore, 'claim' | 'renew' | 'release'>

export class OpenSaver extends StoreSaver implements HoldingSaver {
  readonly #leases: Leases
  readonly #saverOf: RunStore['saverOf']
  readonly #clock: Clock

  constructor(history: SavedHistory, leases: Leases, saverOf: RunStore['saverOf'], clock: Clock) {
    super(history)
    this.#clock = clock
    this.#leases = leases
    this.#saverOf = saverOf
  }

  async hold(thread: string): Promise<Hold> {
    const now = this.#clock.now()
    const owner = currentOwner(randomId('g'))
    const mayTake: Parameters<RunStore['claim']>[2] = (held) => held.expiresAtMs <= now || isOwnerDead(held.owner)
    const claim = await this.#leases.claim(thread, { owner, expiresAtMs: now + holdMs }, mayTake)
    if ('heldBy' in claim) throw busy(thread, claim.heldBy.owner)
    return this.#held(claim.lease)
  }

  #held(lease: Lease): Hold {
    const renewal = setInterval(() => {
      this.#leases.renew(lease, this.#clock.now() + holdMs).catch(() => undefined) // whoever lost it is told when it writes
    }, holdMs / 3)
    renewal.unref()
    return {
      saver: this.#saverOf(lease),
      release: () => {
        clearInterval(renewal)
        return this.#leases.release(lease)
      },
    }
  }
}
