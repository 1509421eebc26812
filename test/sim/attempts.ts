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

export const thread = 'run'

export interface AttemptOptions {
  /** The run is in the store already. */
  readonly accepted: boolean
  readonly until?: string | undefined
  /** Somebody listens to its events. */
  readonly follow?: boolean
  readonly answers?: Readonly<Record<string, Json>>
  /** Nothing goes wrong any more. */
  readonly calm?: boolean
  /** Its answers are others than those that stand. */
  readonly contradicts?: boolean
  /** It finds a holder that is dead, as it can see. */
  readonly heirOf?: SimProcess | undefined
}

export interface Attempt {
  readonly host: Host
  readonly options: AttemptOptions
  /** Present once the engine took the run. */
  run: Run | undefined
  /** It was asked to stop early. */
  asked: boolean
  result: PipelineResult | undefined
  error: unknown
  settled: boolean
}

export const isOver = ({ settled, host }: Attempt): boolean => settled || host.process.state === 'dead'

export function attempt(host: Host, plan: Plan, options: AttemptOptions): Attempt {
  const { accepted, until, follow, answers } = options
  const { process, engine } = host
  const own = until === undefined ? {} : { until }

  async function live(made: Attempt): Promise<PipelineResult> {
    const run = await (accepted
      ? engine.resume(thread, { ...own, ...(answers && { answers }) })
      : engine.start(plan, {}, { ...own, threadId: thread }))
    made.run = run
    if (follow) void watch(run, process)
    return run.result
  }
  return begin(host, options, until !== undefined, live)
}

/** The run ended for good, from a process that may not even run it. */
export const cancelAttempt = (host: Host): Attempt =>
  begin(host, { accepted: true }, true, () => host.engine.cancel(thread).then(() => undefined))

function begin(
  host: Host,
  options: AttemptOptions,
  asked: boolean,
  live: (made: Attempt) => Promise<PipelineResult | undefined>,
): Attempt {
  const nothing = { run: undefined, result: undefined, error: undefined, settled: false }
  const made: Attempt = { host, options, asked, ...nothing }
  inside(host.process, () => live(made)).then(
    (result) => Object.assign(made, { result, settled: true }),
    (error: unknown) => Object.assign(made, { error, settled: true }),
  )
  return made
}

/** A subscriber of the run's events. It dies with its process, and with the store. */
async function watch(run: Run, { simulation }: SimProcess): Promise<void> {
  let last = 0
  try {
    for await (const event of run.events()) {
      if (event.sub === undefined && event.seq !== ++last)
        simulation.wrong(`a subscriber got event ${event.seq} as number ${last}`)
      simulation.ledger.delivered(event)
    }
  } catch {
    // reading what was stored failed
  }
}
