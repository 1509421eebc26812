/** An attempt of a process to bring the run to its end: a start or a resume, until it is settled. */
import type { PipelineEngine } from '../../src/execution/pipeline-engine.ts'
import type { PipelineResult, Run } from '../../src/execution/run.ts'
import type { Json } from '../../src/foundation/json.ts'
import type { Plan } from '../../src/foundation/plan.ts'
import { inside, type SimProcess } from './process.ts'

export interface Host {
  readonly process: SimProcess
  readonly engine: PipelineEngine
}

export interface Attempt {
  readonly host: Host
  /** Present once the engine took the run. */
  run: Run | undefined
  /** It was asked to stop early. */
  asked: boolean
  result: PipelineResult | undefined
  error: unknown
  settled: boolean
}

export const thread = 'run'

export const isOver = ({ settled, host }: Attempt): boolean => settled || host.process.state === 'dead'

export interface AttemptOptions {
  /** The run is in the store already. */
  readonly accepted: boolean
  readonly until: string | undefined
  readonly follow: boolean
  readonly answers?: Readonly<Record<string, Json>>
}

export function attempt(host: Host, plan: Plan, { accepted, until, follow, answers }: AttemptOptions): Attempt {
  const { process, engine } = host
  const made: Attempt = {
    host,
    run: undefined,
    asked: until !== undefined,
    result: undefined,
    error: undefined,
    settled: false,
  }
  const options = until === undefined ? {} : { until }

  async function live(): Promise<PipelineResult> {
    const run = await (accepted
      ? engine.resume(thread, { ...options, ...(answers && { answers }) })
      : engine.start(plan, {}, { ...options, threadId: thread }))
    made.run = run
    if (follow) void watch(run, process)
    return run.result
  }
  return settle(made, () => inside(process, live))
}

/** The run ended for good, from a process that may not even run it. */
export function cancelAttempt(host: Host): Attempt {
  const made: Attempt = { host, run: undefined, asked: true, result: undefined, error: undefined, settled: false }
  return settle(made, () =>
    inside(host.process, async () => {
      await host.engine.cancel(thread)
      return undefined
    }),
  )
}

function settle(made: Attempt, live: () => Promise<PipelineResult | undefined>): Attempt {
  live().then(
    (result) => Object.assign(made, { result, settled: true }),
    (error: unknown) => Object.assign(made, { error, settled: true }),
  )
  return made
}

/** A subscriber of the run's events. It dies with its process, and with the store. */
async function watch(run: Run, process: SimProcess): Promise<void> {
  let last = 0
  try {
    for await (const event of run.events()) {
      if (process.state === 'dead') return
      if (event.sub === undefined && event.seq !== ++last)
        process.simulation.wrong(`a subscriber got event ${event.seq} as its ${last}th`)
      process.simulation.ledger.delivered(event)
    }
  } catch {
    // reading what was stored failed
  }
}
