/**
 * Whoever looks after the run: starts processes, resumes what was left, lets rivals try, pauses and cancels; and says
 * when something that an engine answers is not what it should.
 */
import type { RunStore } from '../../src/execution/store.ts'
import { StageError, ThreadError } from '../../src/foundation/errors.ts'
import type { Lowering } from '../../src/foundation/outcome.ts'
import { isFinished } from '../../src/foundation/outcome.ts'
import { pick, type Random, upTo } from '../fuzz/random.ts'
import { contradiction, someAnswers } from './answers.ts'
import { type Attempt, attempt, cancelAttempt, type Host, isOver, thread } from './attempts.ts'
import { leaseMs, simEngine } from './engine.ts'
import { InjectedFault } from './faults.ts'
import type { RandomPipeline } from './pipelines.ts'
import { createProcess } from './process.ts'
import type { Simulation } from './simulation.ts'

export interface OperatorPorts {
  readonly simulation: Simulation
  readonly random: Random
  readonly pipeline: RandomPipeline
  readonly lowering: Lowering
  /** As a new process has it. */
  readonly openStore: () => RunStore
}

/** Steps after which a run that has not ended never will. */
const maxSteps = 40_000
const maxLateSteps = 2_000
/** Refusals that a run may get once nothing goes wrong any more. */
const maxCalmRefusals = 40

/** Something the operator does once, after so many steps. */
type Deed = 'pause' | 'abandon' | 'close' | 'cancel'

/** Resolves with the number of attempts when the run ended, or when it is given up. */
export async function operate(ports: OperatorPorts): Promise<number> {
  const { simulation, random, pipeline, lowering, openStore } = ports
  const { time, ledger, faults, processes, trace, wrong } = simulation
  const base = openStore()
  const otherLowering = random() < 0.15 // an engine goes on with the lowering that a run was started with
  const hosts: Host[] = []
  const closed = new Set<Host>()
  const attempts: Attempt[] = []
  const calm = new Set<Attempt>()
  const contradicting = new Set<Attempt>()
  const deeds = plannedDeeds(random)
  const maxCalmResumes = 16 + 2 * pipeline.questions + 2 * pipeline.plan.stages.length
  let rivals = random() < 0.4 ? 1 + upTo(random, 3) : 0
  let restUntil = 0
  let calmResumes = 0
  let calmRefusals = 0
  let until = random() < 0.1 ? pick(random, pipeline.plan.stages).id : undefined

  const isCalm = () => faults.over && [...processes.values()].every(({ state }) => state !== 'stopped')
  const hasEnded = () => {
    const last = ledger.events.at(-1)
    return last?.type === 'run.ended' && isFinished(last.result.status)
  }

  function newHost(): Host {
    const process = createProcess(`p${processes.size + 1}`, random() < 0.75 ? 'a' : 'b', simulation)
    simulation.join(process)
    const own = otherLowering ? pick<Lowering>(random, ['stages', 'flow']) : lowering
    const host = { process, engine: simEngine(process, openStore(), own) }
    hosts.push(host)
    return host
  }

  function someHost(): Host {
    const free = hosts.filter(
      (host) =>
        host.process.state === 'up' &&
        !closed.has(host) &&
        attempts.every((each) => each.host !== host || isOver(each)),
    )
    return free.length > 0 && random() < 0.4 ? pick(random, free) : newHost()
  }

  async function launch(): Promise<void> {
    const host = someHost()
    const accepted = (await base.getRun(thread)) !== undefined
    const follow = random() < 0.5
    const wrongly = accepted && random() < 0.05 ? contradiction(simulation, random) : undefined
    const answers = wrongly ?? (random() < 0.8 ? someAnswers(simulation, random, isCalm()) : {})
    const made = attempt(host, pipeline.plan, { accepted, until, follow, answers })
    if (wrongly) contradicting.add(made)
    until = undefined
    if (isCalm()) calm.add(made)
    attempts.push(made)
    trace(() => `${host.process.name} (host ${host.process.host}) ${accepted ? 'resumes' : 'starts'} the run`)
    await time.settle()
  }

  async function perform(deed: Deed, running: readonly Attempt[]): Promise<void> {
    const on = running.filter(({ run, host }) => run && host.process.state === 'up')
    const one = on.length > 0 ? pick(random, on) : undefined
    trace(() => `${deed} ${one?.host.process.name ?? ''}`)
    if (deed === 'cancel') {
      if ((await base.getRun(thread)) === undefined) return
      attempts.push(cancelAttempt(one && random() < 0.5 ? one.host : someHost()))
    } else if (one) {
      one.asked = true
      if (deed === 'pause') one.run?.pause()
      else if (deed === 'abandon') one.run?.abandon()
      else {
        closed.add(one.host)
        one.host.engine.close().catch((error: unknown) => wrong(`closing an engine failed: ${error}`))
      }
    }
    await time.settle()
  }

  function rest(ms: number): void {
    restUntil = time.now() + ms
    time.after(ms, undefined, () => {})
  }

  /** What the engine said, once. */
  function judge(each: Attempt): void {
    const { host, result, error, asked } = each
    const name = host.process.name
    if (error !== undefined) {
      const isBusy = error instanceof ThreadError && error.code === 'thread_busy'
      trace(() => `${name} gets ${error}`)
      const isContradicted = contradicting.has(each) && error instanceof ThreadError && error.code === 'wait_decided'
      if (!isExpected(error) && !isContradicted) wrong(`${name} was refused with ${describe(error)}`)
      if (isBusy) rest(upTo(random, leaseMs / 3))
      else if (error instanceof InjectedFault) rest(upTo(random, 10_000))
      if (calm.has(each) && !asked && (++calmRefusals > maxCalmRefusals || !(error instanceof ThreadError)))
        wrong(`${name} cannot go on although nothing goes wrong any more: ${describe(error)}`)
      return
    }
    if (!result) return
    if (contradicting.has(each)) wrong(`${name} took an answer that is not the one that stands`)
    if (result.status === 'waiting' && !host.process.wasStopped && ledger.waits().length === 0)
      wrong(`${name} says that the run waits for an answer`)
    trace(() => `${name} leaves the run ${result.status}${result.error ? ` (${result.error.message})` : ''}`)
    rest(upTo(random, 1_000))
    if (result.status === 'incomplete') wrong(`${name} leaves the run incomplete: ${result.error?.message}`)
    if (!calm.has(each)) return
    if (result.status === 'paused' && !asked)
      wrong(`${name} paused the run, and nobody asked for it: ${JSON.stringify(result.error)}`)
    if (++calmResumes > maxCalmResumes) wrong('the run does not end, although nothing goes wrong any more')
  }

  /** Whoever has not noticed yet that the run is over wakes up and tries to go on. */
  async function afterwards(): Promise<number> {
    for (let step = 0; step < maxLateSteps && random() < 0.999; step++) {
      if (attempts.every(isOver) || !(await time.step())) break
    }
    return attempts.length
  }

  const judged = new Set<Attempt>()
  for (let step = 0; step < maxSteps; step++) {
    for (const each of attempts) {
      if (!each.settled || each.host.process.state === 'dead' || judged.has(each)) continue
      judged.add(each)
      judge(each)
    }
    if (simulation.violations.length > 0) return attempts.length
    if (hasEnded()) return afterwards()
    const live = attempts.filter((each) => !isOver(each))
    const due = deeds.findIndex(({ atStep }) => atStep <= step)
    if (due >= 0) for (const { deed } of deeds.splice(due, 1)) await perform(deed, live)
    else if (live.every(({ host }) => host.process.state !== 'up') && time.now() >= restUntil) await launch()
    else if (rivals > 0 && random() < 0.02) {
      rivals--
      await launch()
    } else {
      if (!(await time.step())) {
        wrong('a run stands still: nothing is due, and it has not ended')
        return attempts.length
      }
    }
  }
  wrong(`the run has not ended after ${maxSteps} steps`)
  return attempts.length
}

function plannedDeeds(random: Random): { deed: Deed; atStep: number }[] {
  const atStep = () => upTo(random, pick(random, [10, 60, 250]))
  const chances: readonly [Deed, number][] = [
    ['pause', 0.12],
    ['abandon', 0.06],
    ['close', 0.06],
    ['cancel', 0.1],
  ]
  return chances.filter(([, chance]) => random() < chance).map(([deed]) => ({ deed, atStep: atStep() }))
}

const expectedCodes: readonly string[] = [
  'thread_busy',
  'thread_in_use',
  'thread_finished',
  'fenced',
  'no_open_wait', // a stage may end with a question open
]

/** Refusals that say what is the case, and faults that came through. */
function isExpected(error: unknown): boolean {
  if (error instanceof InjectedFault) return true
  if (error instanceof ThreadError) return expectedCodes.includes(error.code)
  return (
    error instanceof Error && !(error instanceof StageError) && error.cause !== undefined && isExpected(error.cause)
  )
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
