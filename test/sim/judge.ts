/** What an engine answers to whoever looks after a run, and whether it may. */
import { ThreadError, type ThreadErrorCode } from '../../src/foundation/errors.ts'
import { type Random, upTo } from '../fuzz/random.ts'
import type { Attempt } from './attempts.ts'
import { everyStage } from './bodies.ts'
import { leaseMs } from './engine.ts'
import { InjectedFault, isInjected } from './faults.ts'
import type { RandomPipeline } from './pipelines.ts'
import type { Simulation } from './simulation.ts'
import { awaitedEvent, dueIn, isOfKind, told } from './waits.ts'

export interface JudgePorts {
  readonly simulation: Simulation
  readonly random: Random
  readonly pipeline: RandomPipeline
  /** Nobody tries again before. Milliseconds. */
  rest(ms: number): void
}

/** Refusals that a run may get once nothing goes wrong any more, for each time that it may be resumed. */
const calmRefusalsPerResume = 3

/** Judges an attempt that is settled, once. */
export function createJudge({ simulation, random, pipeline, rest }: JudgePorts): (each: Attempt) => void {
  const { ledger, time, trace, wrong } = simulation
  const stages = everyStage(pipeline.plan).length
  const maxCalmResumes = 16 + 2 * pipeline.questions + 8 * stages // in each item, a stage may take its process down anew
  let calmResumes = 0
  let calmRefusals = 0

  function refused({ host: { process }, options, error, asked }: Attempt): void {
    trace(() => `${process.name} gets ${codeOf(error) ?? error}`)
    const isBusy = codeOf(error) === 'thread_busy'
    const isLate = Object.keys(options.answers ?? {}).some((id) => ledger.answers.has(id) || mayHaveCome(id)) // someone else was first
    if (!isExpected(error) && !((options.contradicts || isLate) && codeOf(error) === 'wait_decided'))
      wrong(`${process.name} was refused with ${describe(error)}`)
    if (isBusy && options.heirOf && options.heirOf === ledger.holder)
      wrong(`${process.name} was refused a run whose holder ${options.heirOf.name} is dead`)
    if (isBusy) rest(upTo(random, leaseMs / 3))
    else if (error instanceof InjectedFault) rest(upTo(random, 10_000))
    if (
      options.calm &&
      !asked &&
      (++calmRefusals > calmRefusalsPerResume * maxCalmResumes || !(error instanceof ThreadError))
    )
      wrong(`${process.name} cannot go on although nothing goes wrong any more: ${describe(error)}`)
  }

  /** It waits for an event, which may be there. */
  const mayHaveCome = (id: string): boolean =>
    ledger.waits().some((wait) => wait.id === id && awaitedEvent(wait) !== undefined)

  /** Where nobody is asked, it is left alone until something is due. */
  function untilDue(): number {
    const open = ledger.waits()
    const isAsked = open.some((wait) => !isOfKind(wait) || told(wait) !== undefined)
    const dues = isAsked ? [] : open.flatMap((wait) => dueIn(wait, time.now()) ?? [])
    return Math.min(...dues, ...(dues.length === 0 ? [0] : [])) + upTo(random, 1_000)
  }

  function left({ host: { process }, options, result, asked }: Attempt): void {
    if (!result) {
      rest(upTo(random, 1_000))
      return
    }
    const { status, error } = result
    if (options.contradicts) wrong(`${process.name} took an answer that is not the one that stands`)
    if (status === 'waiting' && !process.wasStopped && ledger.waits().length === 0)
      wrong(`${process.name} says that the run waits for an answer`)
    trace(() => `${process.name} leaves the run ${status}${error ? ` (${error.message})` : ''}`)
    rest(status === 'waiting' ? untilDue() : upTo(random, 1_000))
    if (status === 'incomplete') wrong(`${process.name} leaves the run incomplete: ${error?.message}`)
    if (!options.calm) return
    if (status === 'paused' && !asked)
      wrong(`${process.name} paused the run, and nobody asked for it: ${JSON.stringify(error)}`)
    if (++calmResumes > maxCalmResumes) wrong('the run does not end, although nothing goes wrong any more')
  }

  return (each) => (each.error === undefined ? left(each) : refused(each))
}

const expectedCodes: readonly (ThreadErrorCode | undefined)[] = [
  'thread_busy',
  'thread_in_use',
  'thread_finished',
  'fenced',
  'no_open_wait', // a stage may end with a question open
]

const codeOf = (error: unknown): ThreadErrorCode | undefined => (error instanceof ThreadError ? error.code : undefined)

/** Refusals that say what is the case, and faults that came through. */
const isExpected = (error: unknown): boolean =>
  isInjected(error) ||
  (error instanceof ThreadError && expectedCodes.includes(error.code)) ||
  (error instanceof Error && error.cause !== undefined && isExpected(error.cause))

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
