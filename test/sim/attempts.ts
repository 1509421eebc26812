/** An attempt of a process to bring the run to its end: a start or a resume, until it is settled. */
import type { Decision } from '../../src/execution/decision.ts'
import type { NewSignal } from '../../src/execution/engine-waits.ts'
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
  /** It does not resume the run: it lets it be gone on with. */
  readonly errand?: Errand | undefined
  /** Nothing goes wrong any more. */
  readonly calm?: boolean
  /** Its answers are others than those that stand. */
  readonly contradicts?: boolean
  /** It finds a holder that is dead, as it can see. */
  readonly heirOf?: SimProcess | undefined
}

/** What else than a resume goes on with a run. */
export type Errand =
  | { readonly is: 'tick' | 'recover' }
  | { readonly is: 'decide'; readonly wait: string; readonly decision: Decision }
  | { readonly is: 'signal'; readonly signal: NewSignal }

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
  const { accepted, until, follow, answers, errand } = options
  const { process, engine } = host
  const own = until === undefined ? {} : { until }

  const resume = () => engine.resume(thread, { ...own, ...(answers && { answers }) })
  const start = () => engine.start(plan, {}, { ...own, threadId: thread })

  async function live(made: Attempt): Promise<PipelineResult | undefined> {
    const run = await (errand ? perform(engine, errand) : accepted ? resume() : start())
    made.run = run
    if (follow && run) void watch(run, process)
    return run?.result
  }
  return begin(host, options, until !== undefined, live)
}

/** Undefined: there was nothing to do, or somebody else does it. */
async function perform(engine: PipelineEngine, errand: Errand): Promise<Run | undefined> {
  switch (errand.is) {
    case 'decide':
      return (await engine.decide(thread, errand.wait, errand.decision)).run
    case 'signal':
      return (await engine.signal(errand.signal)).runs[0]
    default: {
      const [done] = await (errand.is === 'tick' ? engine.tick() : engine.recover())
      if (done && 'error' in done) throw done.error
      return done?.run
    }
  }
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
