/**
 * Whoever looks after the run: starts processes, resumes what was left, lets rivals try, answers, pauses and cancels,
 * until the run has ended.
 */
import type { RunStore } from '../../src/execution/store.ts'
import { isFinished, type Lowering } from '../../src/foundation/outcome.ts'
import { pick, type Random, upTo } from '../fuzz/random.ts'
import { contradiction, someAnswers } from './answers.ts'
import { type Attempt, attempt, cancelAttempt, type Host, isOver, thread } from './attempts.ts'
import { simEngine } from './engine.ts'
import { someErrand } from './errands.ts'
import { createJudge } from './judge.ts'
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

/** Something the operator does once, after so many steps. */
type Deed = 'pause' | 'abandon' | 'close' | 'cancel'

/** Resolves with the number of attempts when the run ended, or when it is given up. */
export async function operate(ports: OperatorPorts): Promise<number> {
  const { simulation, random, pipeline } = ports
  const { time, ledger, faults, processes, trace, wrong } = simulation
  const base = ports.openStore()
  const attempts: Attempt[] = []
  const judged = new Set<Attempt>()
  const hosts = createHosts(ports, attempts)
  const deeds = plannedDeeds(random)
  const judge = createJudge({ simulation, random, pipeline, rest })
  const errands = pipeline.hasTimers ? 0.5 : 0
  let rivals = random() < 0.4 ? 1 + upTo(random, 3) : 0
  let restUntil = 0
  let until = random() < 0.1 ? pick(random, pipeline.plan.stages).id : undefined

  function rest(ms: number): void {
    restUntil = time.now() + ms
    time.after(ms, undefined, () => {})
  }

  async function launch(): Promise<void> {
    const host = hosts.some()
    const { process } = host
    const accepted = (await base.getRun(thread)) !== undefined
    const follow = random() < 0.5
    const wrongly = accepted && random() < 0.05 ? contradiction(simulation, random) : undefined
    const calm = faults.over && [...processes.values()].every(({ state }) => state !== 'stopped')
    const answers = wrongly ?? (random() < 0.8 ? someAnswers(simulation, random, calm) : {})
    const heirOf = ledger.holder?.state === 'dead' && ledger.holder.host === process.host ? ledger.holder : undefined
    const contradicts = wrongly !== undefined
    const errand = accepted && !wrongly && random() < errands ? someErrand(simulation, random) : undefined
    if (errand) attempts.push(attempt(host, pipeline.plan, { accepted, follow, errand }))
    else attempts.push(attempt(host, pipeline.plan, { accepted, until, follow, answers, calm, contradicts, heirOf }))
    until = undefined
    trace(() => `${process.name} (host ${process.host}) ${errand?.is ?? (accepted ? 'resumes' : 'starts')} the run`)
    await time.settle()
  }

  async function perform(deed: Deed, live: readonly Attempt[]): Promise<void> {
    const on = live.filter(({ run, host }) => run && host.process.state === 'up')
    const one = on.length > 0 ? pick(random, on) : undefined
    trace(() => `${deed} ${one?.host.process.name ?? ''}`)
    if (deed === 'cancel') await cancel(one)
    else if (one) stop(one, deed)
    await time.settle()
  }

  async function cancel(one: Attempt | undefined): Promise<void> {
    if ((await base.getRun(thread)) === undefined) return
    attempts.push(cancelAttempt(one && random() < 0.5 ? one.host : hosts.some()))
  }

  function stop(one: Attempt, deed: Exclude<Deed, 'cancel'>): void {
    one.asked = true
    if (deed === 'pause') one.run?.pause()
    else if (deed === 'abandon') one.run?.abandon()
    else hosts.close(one.host)
  }

  function judgeSettled(): void {
    for (const each of attempts) {
      if (!each.settled || each.host.process.state === 'dead' || judged.has(each)) continue
      judged.add(each)
      judge(each)
    }
  }

  /** False: nothing is due, and nothing ever will be. */
  async function act(step: number): Promise<boolean> {
    const live = attempts.filter((each) => !isOver(each))
    const due = deeds.findIndex(({ atStep }) => atStep <= step)
    if (due >= 0) for (const { deed } of deeds.splice(due, 1)) await perform(deed, live)
    else if (live.every(({ host }) => host.process.state !== 'up') && time.now() >= restUntil) await launch()
    else if (rivals > 0 && random() < 0.02) {
      rivals--
      await launch()
    } else return time.step()
    return true
  }

  for (let step = 0; step < maxSteps; step++) {
    judgeSettled()
    if (simulation.violations.length > 0) return attempts.length
    if (hasEnded(simulation)) return afterwards(ports, attempts)
    if (await act(step)) continue
    wrong('a run stands still: nothing is due, and it has not ended')
    return attempts.length
  }
  wrong(`the run has not ended after ${maxSteps} steps`)
  return attempts.length
}

function hasEnded({ ledger }: Simulation): boolean {
  const last = ledger.events.at(-1)
  return last?.type === 'run.ended' && isFinished(last.result.status)
}

/** Whoever has not noticed yet that the run is over wakes up and tries to go on. */
async function afterwards({ simulation, random }: OperatorPorts, attempts: readonly Attempt[]): Promise<number> {
  for (let step = 0; step < maxLateSteps && random() < 0.999; step++) {
    if (attempts.every(isOver) || !(await simulation.time.step())) break
  }
  return attempts.length
}

interface Hosts {
  /** One that has nothing to do, or a new one. */
  some(): Host
  close(host: Host): void
}

function createHosts(ports: OperatorPorts, attempts: readonly Attempt[]): Hosts {
  const { simulation, random, lowering, openStore } = ports
  const otherLowering = random() < 0.15 // an engine goes on with the lowering that a run was started with
  const hosts: Host[] = []
  const closed = new Set<Host>()

  function create(): Host {
    const process = createProcess(`p${simulation.processes.size + 1}`, random() < 0.75 ? 'a' : 'b', simulation)
    simulation.join(process)
    const own = otherLowering ? pick<Lowering>(random, ['stages', 'flow']) : lowering
    const host = { process, engine: simEngine(process, openStore(), own) }
    hosts.push(host)
    return host
  }

  const isFree = (host: Host): boolean =>
    host.process.state === 'up' && !closed.has(host) && attempts.every((each) => each.host !== host || isOver(each))

  return {
    some() {
      const free = hosts.filter(isFree)
      return free.length > 0 && random() < 0.4 ? pick(random, free) : create()
    },
    close(host) {
      closed.add(host)
      host.engine.close().catch((error: unknown) => simulation.wrong(`closing an engine failed: ${error}`))
    },
  }
}

function plannedDeeds(random: Random): { readonly deed: Deed; readonly atStep: number }[] {
  const atStep = () => upTo(random, pick(random, [10, 60, 250]))
  const chances: readonly [Deed, number][] = [
    ['pause', 0.12],
    ['abandon', 0.06],
    ['close', 0.06],
    ['cancel', 0.1],
  ]
  return chances.filter(([, chance]) => random() < chance).map(([deed]) => ({ deed, atStep: atStep() }))
}
