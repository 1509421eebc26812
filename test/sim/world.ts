/**
 * What stages do to the world: effects, recorded by idempotency key. It outlives every process, and it is where a stage
 * that runs once too often is caught.
 */
import { z } from 'zod'
import { StageError } from '../../src/foundation/errors.ts'
import { digest, type Json } from '../../src/foundation/json.ts'
import { idIn } from '../../src/foundation/paths.ts'
import { type AnyStageKind, defineStage, type StageContext } from '../../src/foundation/stage-kind.ts'
import { approve } from '../../src/stages/approve.ts'
import { ask } from '../../src/stages/ask.ts'
import { wait } from '../../src/stages/wait.ts'
import { valueKind } from '../support-stages.ts'
import { type Behaviour, type Trouble, timeoutMs } from './behaviour.ts'
import { currentProcess, never, type SimProcess } from './process.ts'
import { timeless } from './waits.ts'

/** One execution of a stage. */
export interface Execution {
  readonly run: string
  readonly stage: string
  readonly key: string
  readonly attempt: number
  readonly process: SimProcess
  /** 0, 1, … among those of its key. */
  readonly number: number
}

export interface World {
  readonly executions: readonly Execution[]
  /** Executions whose effect took place, by key. */
  readonly done: ReadonlyMap<string, number>
  /** What the effects of a stage gave, by key. */
  readonly outputs: ReadonlyMap<string, Json>
  perform(process: SimProcess, input: Json, context: StageContext): Promise<unknown>
  /** The stage does so every time. */
  fails(stage: string): boolean
}

export interface WorldPorts {
  readonly behaviours: ReadonlyMap<string, Behaviour>
  /** Told before an execution does anything. */
  begun(execution: Execution): void
  wrong(what: string): void
}

export function createWorld({ behaviours, begun, wrong }: WorldPorts): World {
  const executions: Execution[] = []
  const active = new Set<Execution>()
  const counts = new Map<string, number>()
  const done = new Map<string, number>()
  const outputs = new Map<string, Json>()

  async function perform(process: SimProcess, input: Json, context: StageContext): Promise<unknown> {
    const { watcher, time } = process.simulation
    watcher.beginning(process, context.stage, time.now())
    await process.ready()
    await strike(process, context.stage)
    const execution = record(process, context)
    active.add(execution)
    try {
      return await execute(execution, input, context.signal)
    } finally {
      active.delete(execution)
    }
  }

  function record(process: SimProcess, { stage, idempotencyKey: key, attempt, run }: StageContext): Execution {
    const number = counts.get(key) ?? 0
    counts.set(key, number + 1)
    const execution = { run: run.id, stage, key, attempt, process, number }
    process.simulation.trace(() => `${process.name} effect of ${stage}, attempt ${attempt}`)
    for (const other of active) if (other.key === key) refuseTwo(other, execution)
    executions.push(execution)
    begun(execution)
    return execution
  }

  /** Only a process that died, or was stopped and then continued, may leave an execution behind. */
  function refuseTwo({ process, attempt }: Execution, later: Execution): void {
    if (process.state !== 'up' || process.wasStopped || later.process.wasStopped) return
    wrong(`${later.stage} runs in ${later.process.name} while its attempt ${attempt} still runs in ${process.name}`)
  }

  async function execute(execution: Execution, input: Json, signal: AbortSignal): Promise<unknown> {
    const { process, stage, key, number } = execution
    const behaviour = behaviours.get(idIn(stage))
    if (!behaviour) throw new Error(`The simulation has no stage "${stage}".`)
    const trouble = behaviour.first[number] ?? behaviour.always
    if (trouble?.is === 'crash') {
      process.kill()
      return never()
    }
    await work(process, behaviour, trouble, signal)
    fail(trouble)
    done.set(key, (done.get(key) ?? 0) + 1)
    const output = { stage, of: digest(timeless(input)).slice(0, 8) }
    if (trouble?.is !== 'not_json') outputs.set(key, output)
    await strike(process, stage)
    if (process.simulation.sabotage === 'rerun') again(execution)
    return trouble?.is === 'not_json' ? { big: 1n } : output
  }

  /** As an engine would that forgot that the stage has ended. */
  function again(execution: Execution): void {
    const { time } = execution.process.simulation
    time.after(500, execution.process, () => begun({ ...execution, number: execution.number + 1 }))
  }

  const fails = (stage: string): boolean => behaviours.get(idIn(stage))?.always !== undefined

  return { executions, done, outputs, perform, fails }
}

/** What goes wrong with the process before an effect, or after it. */
async function strike(process: SimProcess, stage: string): Promise<void> {
  const { faults, trace } = process.simulation
  const fault = faults.at('effect')
  if (!fault) return
  trace(() => `${process.name} ${fault.kind} at the effect of ${stage}`)
  faults.strike(process, fault.kind)
  await process.ready()
}

/** Takes its time. Rejects when it is told to stop, then or later. */
function work(
  process: SimProcess,
  { durationMs, deafMs }: Behaviour,
  trouble: Trouble | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { time } = process.simulation
  const ms = trouble?.is === 'slow' ? timeoutMs * 3 + durationMs : durationMs
  return new Promise((resolve, reject) => {
    const forget = time.after(ms, process, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    const onAbort = () => {
      forget()
      if (deafMs === 0) reject(signal.reason)
      else time.after(deafMs, process, () => reject(signal.reason))
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}

function fail(trouble: Trouble | undefined): void {
  if (trouble?.is !== 'error') return
  const { category, retryAfterMs } = trouble
  throw new StageError('It failed.', {
    category,
    code: `sim_${category}`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

/** It asks, and then its effect is the world's of the process that runs it. */
const effectKind = defineStage({
  name: 'effect',
  docs: { summary: '', output: '', example: '' },
  schema: z.looseObject({ questions: z.number() }),
  async run(input, context) {
    const process = currentProcess()
    const answers: Json[] = []
    for (let n = 0; n < input.questions; n++) answers.push(await context.wait({ value: `${context.stage} ${n}` }))
    return process.simulation.world.perform(process, { ...input, answers } as Json, context)
  },
})

export const simKinds: readonly AnyStageKind[] = [effectKind, valueKind, approve, ask, wait]
