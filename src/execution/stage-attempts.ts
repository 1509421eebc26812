/** The attempts of one stage: what goes on in the journal around them. */
import type { Clock } from '../foundation/clock.ts'
import type { StageError } from '../foundation/errors.ts'
import type { Journal } from '../foundation/journal.ts'
import type { StagePast } from '../foundation/past.ts'
import type { StagePlan } from '../foundation/plan.ts'
import type { AttemptLine, TimeLimits } from './attempt.ts'
import type { AttemptsPorts } from './attempts.ts'
import type { NextAttempt } from './retry.ts'
import { evaluateGiven, type Given, inputHashOf, type StageAtWork, timeLimitsOf, workAloud } from './stage-work.ts'
import type { Stop } from './stop.ts'
import type { Say, Workshop } from './workshop.ts'

/** What a stage's way to its end is gone with. */
export interface Way {
  readonly stop: Stop
  readonly say: Say
  readonly journal: Journal | undefined
}

export const hasEffects = ({ deps }: Workshop, { kind }: StagePlan): boolean => !deps.kinds.get(kind)?.pure

export class StageAttempts implements AttemptsPorts {
  readonly clock: Clock
  readonly random: () => number
  readonly stop: Stop
  readonly past: StagePast
  private readonly shop: Workshop
  private readonly at: StageAtWork
  private readonly way: Way
  private readonly effects: boolean
  private given: Given | undefined

  constructor(shop: Workshop, at: StageAtWork, way: Way) {
    this.clock = shop.deps.clock
    this.random = shop.deps.random
    this.stop = way.stop
    this.past = at.past
    this.shop = shop
    this.at = at
    this.way = way
    this.effects = hasEffects(shop, at.stage)
  }

  place() {
    if (!this.effects) return undefined
    const { semaphore } = this.shop.deps
    return semaphore.take() ?? semaphore.acquire(this.stop.signal)
  }

  limits(): TimeLimits {
    return timeLimitsOf(this.shop, this.at)
  }

  onStarted(attempt: number): Promise<void> | undefined {
    const { say, journal } = this.way
    const { path, stage } = this.at
    const { generation } = this.past
    const input = this.effects && journal ? this.prepare() : undefined
    const more = { ...(input !== undefined && { input }), ...(generation > 1 && { generation }) }
    say({ type: 'stage.started', stage: path, kind: stage.kind, attempt, ...more })
    return this.effects ? journal?.commit() : undefined
  }

  /** What the attempt is given, and its hash. What cannot be evaluated fails the attempt, once it is on record. */
  private prepare(): string | undefined {
    try {
      this.given = evaluateGiven(this.shop, this.at)
      return inputHashOf(this.shop, this.at, this.given)
    } catch {
      this.given = undefined
      return undefined
    }
  }

  work(attempt: number, line: AttemptLine): unknown {
    return workAloud(this.shop, this.at, this.way.say, attempt, line, this.given)
  }

  onInterrupted(attempt: number): void {
    const { path, stage } = this.at
    if (stage.once && this.effects) return // nobody knows how far it came, and it is not to run again for that
    this.way.say({ type: 'stage.interrupted', stage: path, attempt })
  }

  onRetrying(attempt: number, thrown: StageError, { delayMs, counts }: NextAttempt): void {
    const { shop, way } = this
    const { path } = this.at
    const nowMs = this.clock.now()
    const next_at = new Date(nowMs + delayMs).toISOString()
    const error = shop.failures.failure(thrown, path, attempt)
    way.say({ type: 'stage.retrying', stage: path, attempt, error, next_at, counts }, shop.dateOf(nowMs))
    void way.journal?.commit().catch(ignore)
  }

  onStillRunning(): void {
    this.shop.deps.logger.warn('a stage did not stop when it was told to', { stage: this.at.path })
  }
}

/** Told to who waits next. */
const ignore = (): void => undefined
