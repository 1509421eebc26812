/**
 * What goes wrong, and when: after so many operations on the store or effects, one of them throws, hangs, does its work
 * and throws, or the process is killed or stopped at it; or the store is down for everyone, for a while.
 */
import { pick, type Random, upTo } from '../fuzz/random.ts'
import type { SimProcess } from './process.ts'
import type { Time } from './time.ts'

export const faultKinds = ['throw', 'hang', 'kill', 'stop', 'outage'] as const
export type FaultKind = (typeof faultKinds)[number]

export interface Fault {
  readonly kind: Exclude<FaultKind, 'outage'>
  /** Of the work of the operation. */
  readonly when: 'before' | 'after'
}

/** What the store says when a fault makes it fail. */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault'
}

/** A fault, or nothing but faults together. */
export const isInjected = (error: unknown): boolean =>
  error instanceof InjectedFault || (error instanceof AggregateError && error.errors.every(isInjected))

export interface Faults {
  /** What goes wrong at this point, where an operation may fail (`store`) or only the process (`effect`). */
  at(point: 'store' | 'effect'): Fault | undefined
  /** Nothing goes wrong any more. */
  readonly over: boolean
  /** How many did. */
  readonly struck: number
  /** The time an operation takes on its way there, or back. Milliseconds. */
  delayMs(): number
  /** Ends the process at once, or after a while in which others take it for alive. */
  strike(process: SimProcess, kind: Fault['kind']): void
  /** From now on nothing goes wrong, and nothing takes time. */
  end(): void
}

export interface FaultOptions {
  readonly random: Random
  readonly time: Time
  readonly count: number
  readonly leaseMs: number
  readonly kinds: readonly FaultKind[]
}

export function createFaults({ random, time, count, leaseMs, kinds }: FaultOptions): Faults {
  const rarity = pick(random, [2, 5, 12, 30, 80]) // points between faults, on average
  const slowness = random() < 0.6 ? 0 : pick(random, [1, 3, 30])
  let left = count
  let wait = 1 + upTo(random, rarity * 2)
  let downUntil = 0
  let ended = false
  const inProcess = kinds.filter((kind) => kind === 'kill' || kind === 'stop')

  return {
    at(point) {
      if (ended) return undefined
      if (point === 'store' && time.now() < downUntil) return { kind: 'throw', when: 'before' }
      if (left === 0 || --wait > 0) return undefined
      left--
      wait = 1 + upTo(random, rarity * 2)
      const kind = pick(random, point === 'store' ? kinds : inProcess)
      if (kind === 'outage') downUntil = time.now() + upTo(random, pick(random, [1_000, 60_000]))
      return { kind: kind === 'outage' ? 'throw' : kind, when: pick(random, ['before', 'after']) }
    },
    get struck() {
      return count - left
    },
    get over() {
      return left === 0 && time.now() >= downUntil
    },
    delayMs: () => (ended || slowness === 0 || random() < 0.5 ? 0 : upTo(random, slowness + 1)),
    end() {
      ended = true
    },
    strike(process, kind) {
      if (kind === 'kill') process.kill()
      if (kind === 'hang') time.after(random() < 0.5 ? 0 : upTo(random, 2 * leaseMs), undefined, () => process.kill())
      if (kind !== 'stop') return
      process.stop()
      time.after(random() < 0.5 ? leaseMs + upTo(random, leaseMs) : upTo(random, 3 * leaseMs), undefined, () =>
        process.go(),
      )
    },
  }
}

export const noFaults: Faults = { at: () => undefined, over: true, struck: 0, delayMs: () => 0, strike() {}, end() {} }
