/**
 * What has really been stored, seen from below everything that can fail; and what must be true of it at all times.
 *
 * It is told of every write that took place, and of every effect that begins, and says what is wrong with it.
 */
import type { Lease } from '../../src/execution/store.ts'
import type { RunEvent } from '../../src/foundation/events.ts'
import { type Json, jsonEqual } from '../../src/foundation/json.ts'
import type { Outcome, Outcomes } from '../../src/foundation/outcome.ts'
import { isFinished } from '../../src/foundation/outcome.ts'
import { holdersOf, idIn, lastTops } from '../../src/foundation/paths.ts'
import { needsOf, type Plan } from '../../src/foundation/plan.ts'
import { isOpen, type OpenWait } from '../../src/foundation/wait.ts'
import { foldWait, type WaitEvent, waitOf } from '../../src/foundation/wait-events.ts'
import { everyStage } from './bodies.ts'
import type { SimProcess } from './process.ts'
import type { Watcher } from './simulation.ts'
import type { Execution } from './world.ts'

type Of<Type extends RunEvent['type']> = Extract<RunEvent, { readonly type: Type }>

/** What the log says of a stage. */
interface StageRecord {
  started: number
  /** The attempt of which no end is recorded. */
  open: number | undefined
  /** The wait it stands at. */
  wait: OpenWait | undefined
  /** It may not be begun again before somebody has said so. */
  undecided: boolean
  crashes: number
  /** Its failure is on record, and what is to be done about it goes on. */
  isHandled: boolean
  closing: RunEvent | undefined
  set: Record<string, Json>
  /** What stages inside set. */
  parts: Record<string, Json>
  key: string | undefined
}

export interface Ledger extends Watcher {
  readonly events: readonly RunEvent[]
  /** The holder changed. */
  claimed(process: SimProcess, lease: Lease): void
  /** Events were stored. */
  appended(process: SimProcess, epoch: number, events: readonly RunEvent[]): void
  /** A subscriber got an event. */
  delivered(event: RunEvent): void
  /** A process holds the run until then, as far as it can know. */
  held(process: SimProcess, untilMs: number): void
  /** The outcomes that the log holds. */
  outcome(stage: string): RunEvent | undefined
  readonly holder: SimProcess | undefined
  /** The newest. */
  readonly lease: Lease | undefined
  /** Waits that nobody has answered. */
  waits(): readonly OpenWait[]
  /** Id and answer of those that somebody has. */
  readonly answers: ReadonlyMap<string, Json>
  /** Executions that a process began which had lost its run without knowing it. */
  readonly late: number
}

export function createLedger(plan: Plan, wrong: (what: string) => void): Ledger {
  const events: RunEvent[] = []
  const stages = new Map<string, StageRecord>(plan.stages.map(({ id }) => [id, fresh()]))
  const needs = new Map(plan.stages.map((stage) => [stage.id, needsOf(plan, stage)]))
  const known = new Set(everyStage(plan).map(({ id }) => id))
  const once = new Set(
    everyStage(plan)
      .filter((stage) => stage.once)
      .map(({ id }) => id),
  )
  const mayRunOnce = (path: string): boolean => once.has(idIn(path)) && !path.startsWith('rollback.')
  const answers = new Map<string, Json>()
  const keys = new Map<string, string>()
  const writers = new Map<number, SimProcess>()
  const until = new Map<SimProcess, number>()
  let epoch = 0
  let holder: SimProcess | undefined
  let lease: Lease | undefined
  let progress = 0
  let ended = false
  let cancelling = false
  let late = 0

  function recordOf(path: string): StageRecord {
    const record = stages.get(path) ?? fresh()
    stages.set(path, record)
    if (!known.has(idIn(path))) wrong(`there is a word of a stage "${path}" that the plan does not have`)
    return record
  }

  /** Something that it is inside of has ended. */
  const isOver = (path: string): boolean => stagesAround(path).some((holder) => recordOf(holder).closing)

  function written(process: SimProcess, at: number, what: string): void {
    if (at < epoch) wrong(`${process.name} wrote ${what} with epoch ${at} although epoch ${epoch} had begun`)
    const writer = writers.get(at)
    if (writer && writer !== process) wrong(`${process.name} and ${writer.name} both wrote in epoch ${at}`)
    writers.set(at, process)
  }

  function append(event: RunEvent, batch: readonly RunEvent[]): void {
    if (event.seq !== events.length + 1) wrong(`event ${event.seq} was stored as number ${events.length + 1}`)
    events.push(event)
    if (ended) wrong(`${event.type} was stored after the end of the run`)
    if (event.progress !== undefined) {
      if (event.progress < progress) wrong(`progress went back from ${progress} to ${event.progress} at ${event.seq}`)
      progress = event.progress
    }
    if (event.type === 'run.started' && event.seq !== 1) wrong('the run was started twice')
    if (event.type === 'run.cancelling') cancelling = true
    if (event.type === 'run.ended' && isFinished(event.result.status)) ended = true
    if (event.type === 'run.ended' && event.result.status === 'quarantined') forgive()
    if ('stage' in event) tell(event, batch)
  }

  /** Whoever resumes a run that crashed again and again lets it try once more. */
  function forgive(): void {
    const records = [...stages.values()]
    if (records.every(({ crashes }) => crashes < 3)) wrong('the run was quarantined without a reason')
    for (const record of records) record.crashes = 0
  }

  function tell(event: RunEvent & { readonly stage: string }, batch: readonly RunEvent[]): void {
    const record = recordOf(event.stage)
    if (event.type === 'stage.started') start(record, event)
    else if (event.type === 'variable.changed') set(record, event, batch)
    else if (event.type === 'stage.crashed') crash(record, event)
    else if (event.type === 'stage.handling') record.isHandled = true
    else if (event.type === 'wait.started') ask(record, event)
    else if (event.type === 'wait.fired') answer(record, event)
    else if ('wait' in event) standing(record, event)
    else if (event.type === 'stage.interrupted' || event.type === 'stage.retrying') stop(record, event)
    else if (isEnd(event)) close(record, event)
  }

  function set(record: StageRecord, event: Of<'variable.changed'>, batch: readonly RunEvent[]): void {
    if (!record.closing || !batch.includes(record.closing))
      wrong(`${event.stage} set "${event.variable}" apart from its end`)
    if (event.parts) record.parts[event.variable] = event.value
    else record.set[event.variable] = event.value
  }

  function crash(record: StageRecord, event: Of<'stage.crashed'>): void {
    if (event.crashes !== record.crashes + 1)
      wrong(`crash ${event.crashes} of ${event.stage} follows crash ${record.crashes}`)
    record.crashes = event.crashes
    record.undecided = mayRunOnce(event.stage)
    stop(record, event)
  }

  /** An attempt that asks is none yet: the one that has the answer takes its number. */
  function ask(record: StageRecord, event: Of<'wait.started'>): void {
    const { stage, wait: id, ambiguous } = event
    if (record.wait) wrong(`${stage} asks while it waits for another answer`)
    if (answers.has(id)) wrong(`${stage} asks again what was answered`)
    if (record.closing) wrong(`${stage} asks after it ended`)
    if (!ambiguous && record.open === undefined) wrong(`${stage} asks and does not run`)
    if (!ambiguous) record.started--
    record.open = undefined
    record.wait = { ...waitOf(event), stage }
  }

  /** Something became of it, but not by an answer. */
  function standing(record: StageRecord, event: WaitEvent & { readonly stage: string }): void {
    if (record.wait?.id !== event.wait) wrong(`${event.type} of ${event.wait}, which is not open`)
    if (!record.wait) return
    const wait = foldWait(record.wait, event)
    record.wait = isOpen(wait) ? { ...wait, stage: event.stage } : undefined
  }

  function answer(record: StageRecord, event: Of<'wait.fired'>): void {
    if (record.wait?.id !== event.wait) wrong(`${event.stage} got an answer to ${event.wait}, which is not open`)
    if (record.wait?.ambiguous) record.undecided = false
    record.wait = undefined
    answers.set(event.wait, event.answer)
  }

  function start(record: StageRecord, event: Of<'stage.started'>): void {
    const { stage, attempt } = event
    if (record.closing) wrong(`${stage} was started again (attempt ${attempt}) after it ended`)
    if (record.wait) wrong(`${stage} was started although it waits for an answer`)
    if (record.undecided) wrong(`${stage} may run once, and was started again without a word`)
    const [top = ''] = stage.split('.')
    const isLast = lastTops.includes(top)
    const isSettling = stage.split('.').some((step) => lastTops.includes(step))
    if (cancelling && !isSettling) wrong(`${stage} was started (attempt ${attempt}) after the run was told to stop`)
    if (isLast && [...needs.keys()].some((id) => !recordOf(id).closing))
      wrong(`${stage} was started before all had ended`)
    if (attempt !== record.started + 1) wrong(`attempt ${attempt} of ${stage} follows attempt ${record.started}`)
    if (record.open !== undefined)
      wrong(`attempt ${attempt} of ${stage} was started while attempt ${record.open} had no end`)
    for (const need of needs.get(stage) ?? [])
      if (!recordOf(need.stage).closing) wrong(`${stage} was started before ${need.stage} had ended`)
    for (const holder of isLast ? [] : stagesAround(stage)) {
      const { started, isHandled, closing } = recordOf(holder)
      if ((started === 0 && !isHandled) || closing) wrong(`${stage} was started while ${holder} did not run`)
    }
    record.started = attempt
    if (event.fixed === undefined) record.open = attempt
  }

  function stop(record: StageRecord, event: RunEvent & { readonly stage: string; readonly attempt: number }): void {
    if (record.open !== event.attempt)
      wrong(`${event.type} of attempt ${event.attempt} of ${event.stage} while attempt ${record.open} is open`)
    record.open = undefined
  }

  function close(record: StageRecord, event: RunEvent & { readonly stage: string }): void {
    if (record.closing) wrong(`${event.stage} ended twice: ${record.closing.type}, then ${event.type}`)
    if ('attempts' in event && event.attempts !== record.started)
      wrong(`${event.stage} ended after ${event.attempts} attempts, of which ${record.started} were recorded`)
    record.closing = event
    record.open = undefined
  }

  function begun(execution: Execution): void {
    const { stage, key, attempt, process } = execution
    const record = recordOf(stage)
    const other = keys.get(key)
    if (other !== undefined && other !== stage) wrong(`${stage} and ${other} have the same idempotency key`)
    keys.set(key, stage)
    if (record.key !== undefined && record.key !== key) wrong(`the idempotency key of ${stage} changed`)
    record.key = key
    const lost = holder !== undefined && holder !== process
    if (lost) late++
    if (record.closing && !lost) wrong(`${stage} ran again (attempt ${attempt}) although its end is recorded`)
    if (record.started < attempt) wrong(`attempt ${attempt} of ${stage} began before the journal said so`)
  }

  function saved(process: SimProcess, at: number | undefined, outcomes: Outcomes): void {
    if (at !== undefined) written(process, at, 'a checkpoint')
    for (const [id, outcome] of Object.entries(outcomes)) {
      const { closing, set, parts } = recordOf(id)
      if (!closing) wrong(`a checkpoint has an outcome of ${id} that the log does not have`)
      else compare(id, outcome, closing, { set, parts })
    }
  }

  function compare(
    id: string,
    outcome: Outcome,
    closing: RunEvent,
    { set, parts }: Pick<StageRecord, 'set' | 'parts'>,
  ): void {
    const differs = (what: string) => wrong(`the ${what} of ${id} differs between a checkpoint and the log`)
    if (closing.type !== `stage.${outcome.status}`) differs('status')
    if ('output' in closing && !jsonEqual(closing.output, outcome.output)) differs('output')
    if ('error' in closing && !jsonEqual(closing.error as unknown as Json, outcome.error as unknown as Json))
      differs('error')
    if ('reason' in closing && closing.reason !== outcome.reason) differs('reason')
    if ('attempts' in closing && closing.attempts !== outcome.attempts) differs('number of attempts')
    if (!jsonEqual(set, outcome.set as Json)) differs('set')
    if (!jsonEqual(parts, (outcome.parts ?? {}) as Json)) differs('parts')
    const body = 'body' in closing ? closing.body : undefined
    if (!jsonEqual((body ?? null) as Json, (outcome.body ?? null) as unknown as Json)) differs('body')
  }

  return {
    events,
    claimed(process, given) {
      const at = given.epoch
      if (at < epoch) wrong(`${process.name} got epoch ${at} after epoch ${epoch}`)
      if (at === epoch && holder !== process) wrong(`${process.name} got epoch ${at}, which ${holder?.name} has`)
      epoch = at
      lease = given
      holder = process
    },
    appended(process, at, added) {
      written(process, at, added.map(({ type }) => type).join(', '))
      for (const event of added) append(event, added)
    },
    saved,
    journaled(rows) {
      if (rows.length > 0) wrong('a checkpointer got a journal, although the log is there')
    },
    delivered(event) {
      const stored = events[event.seq - 1]
      if (event.sub !== undefined) return
      if (!stored) wrong(`event ${event.seq} (${event.type}) was delivered before it was stored`)
      else if (!jsonEqual(stored as unknown as Json, event as unknown as Json))
        wrong(`event ${event.seq} was delivered as something else than what was stored`)
    },
    held: (process, untilMs) => void until.set(process, untilMs),
    beginning(process, stage, nowMs) {
      if (recordOf(stage).closing) wrong(`${stage} is run again by ${process.name} although its end is recorded`)
      if (nowMs >= (until.get(process) ?? 0)) wrong(`${process.name} began ${stage} although its own lease had run out`)
    },
    begun,
    waits: () => [...stages].flatMap(([path, { wait, closing }]) => (wait && !closing && !isOver(path) ? [wait] : [])),
    answers,
    outcome: (id) => stages.get(id)?.closing,
    get lease() {
      return lease
    },
    get holder() {
      return holder
    },
    get late() {
      return late
    },
  }

  function fresh(): StageRecord {
    return {
      started: 0,
      open: undefined,
      wait: undefined,
      undecided: false,
      crashes: 0,
      isHandled: false,
      closing: undefined,
      set: {},
      parts: {},
      key: undefined,
    }
  }
}

/** Those that it is inside of; what runs last in a pipeline inside stands in no stage of its own. */
const stagesAround = (path: string): readonly string[] =>
  holdersOf(path).filter((holder) => !lastTops.includes(idIn(holder)))

const isEnd = ({ type }: RunEvent): boolean =>
  type === 'stage.succeeded' || type === 'stage.failed' || type === 'stage.cancelled' || type === 'stage.skipped'
