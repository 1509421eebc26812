/**
 * Answers to waits, on their way into the journal: written once, before anything is done with them.
 *
 * At the door of a graph, where an answer is checked before LangGraph sees it; and inside a node, where it comes in by
 * LangGraph's own ways, when the pipeline is part of another graph or the call names an older checkpoint.
 */
import type { RunnableConfig } from '@langchain/core/runnables'
import { Command, GraphInterrupt, type Interrupt } from '@langchain/langgraph'
import type { BaseCheckpointSaver, CheckpointTuple } from '@langchain/langgraph-checkpoint'
import { checkAnswer, type StageWait } from '../../foundation/answer.ts'
import { InputError, ThreadError } from '../../foundation/errors.ts'
import type { RunEventBody } from '../../foundation/events.ts'
import { JournalError } from '../../foundation/journal.ts'
import { isJsonObject, type Json, jsonEqual } from '../../foundation/json.ts'
import type { Outcomes } from '../../foundation/outcome.ts'
import { openWaitOf, type Past } from '../../foundation/past.ts'
import type { Plan } from '../../foundation/plan.ts'
import type { StageRunner } from '../../foundation/stage-runner.ts'
import { isOpen, type OpenWait, waitIdOf } from '../../foundation/wait.ts'
import type { OpenState } from './channels.ts'
import { eventsOf, type Lineage, readLineage, tuplesOf } from './lineage.ts'
import { createKept, type Kept, type Place } from './saver-journal.ts'
import type { PipelineParts, Thread } from './thread.ts'

/** The waits that are open, in plan order. */
export const openWaits = ({ stages }: Plan, past: Past, outcomes: Outcomes): readonly OpenWait[] =>
  stages.flatMap(({ id }) => (Object.hasOwn(outcomes, id) ? [] : (openWaitOf(id, past.of(id)) ?? [])))

/** What a node throws that can go on only when one of these is answered. */
export const interruptFor = (waits: readonly OpenWait[]): GraphInterrupt => new GraphInterrupt(waits.map(shown))

/** As LangGraph shows it. Its type of a schema is narrower than what it hands on. */
const shown = ({ id, value, response_schema }: OpenWait): Interrupt =>
  ({ id, value, ...(response_schema !== undefined && { response_schema }) }) as Interrupt

/** What may be called a thread's saver and the checkpoint that a call is about. */
interface Called extends Place {
  /** The thread went on from that checkpoint. */
  readonly isPast: boolean
}

/**
 * Writes a command's answers down, and returns what is left for LangGraph to do: to go on. Throws ThreadError
 * (`no_open_wait`, `wait_decided`) or InputError, and has written nothing then.
 */
export async function answer(parts: PipelineParts, thread: Thread, command: Command, called: Called): Promise<unknown> {
  const { plan, runner } = parts
  const { saver, config } = called
  const lineage = await readLineage(saver, config)
  const kept = createKept(called, { scope: 'answers' }, thread.state.open.stages ?? {}, lineage)
  const known = openWaits(plan, kept.past, { ...kept.past.outcomes, ...thread.state.stages })
  const untold = askedOnly(plan, thread, kept, lineage)
  const open = [...known, ...untold]
  const all = await waitsOf(saver, config)
  const answers = isKeyed(command.resume) ? command.resume : { [onlyOne(open, thread).id]: command.resume as Json }
  const taken = Object.entries(answers).flatMap(([id, given]) => {
    const [wait, known] = [open.find((each) => each.id === id), all.get(id)]
    checkAnswer({ id, given, thread: thread.id }, known && !isOpen(known) ? known : wait, runner)
    return wait ? [{ wait, given }] : []
  })
  const { resume: _, ...others } = command
  if (called.isPast && taken.length > 0) {
    return new Command({ ...others, resume: Object.fromEntries(taken.map(({ wait, given }) => [wait.id, given])) })
  }
  for (const { wait, given } of taken) {
    if (untold.includes(wait)) kept.journal.say(waitStarted(wait))
    kept.journal.say(fired(wait, given))
  }
  await commit(kept)
  return command.update ? new Command(others) : null
}

/** Waits that LangGraph shows and our rows do not have: an engine ran the thread, and has them in its log. */
function askedOnly({ stages }: Plan, { id: thread, state }: Thread, { past }: Kept, { base }: Lineage): OpenWait[] {
  const writes = base?.pendingWrites ?? []
  const shown = writes.flatMap(([, channel, value]) => (channel === '__interrupt__' ? (value as OpenWait[]) : []))
  if (shown.length === 0) return []
  return stages.flatMap(({ id: stage }) => {
    const { generation, waits } = past.of(stage)
    if (waits !== undefined || Object.hasOwn(state.stages, stage)) return []
    const id = waitIdOf(thread, stage, generation, 0)
    const wait = shown.find((each) => each.id === id)
    return wait ? [{ ...wait, stage }] : []
  })
}

const isKeyed = (resume: unknown): resume is Record<string, Json> =>
  isJsonObject(resume) && Object.keys(resume).length > 0 && Object.keys(resume).every((id) => /^[0-9a-f]{32}$/.test(id))

function onlyOne(open: readonly OpenWait[], { id }: Thread): OpenWait {
  const [wait, another] = open
  if (!wait) throw new ThreadError('no_open_wait', `Thread "${id}" waits for nothing.`)
  if (!another) return wait
  const hint = `Pass { resume: { [id]: answer } }. Open: ${open.map((each) => `${each.id} (${each.stage})`).join(', ')}.`
  throw new ThreadError('no_open_wait', `Thread "${id}" waits for ${open.length} answers: say which one this is.`, {
    hint,
  })
}

/** Every wait that a checkpoint of the thread knows; one that is decided anywhere is. */
async function waitsOf(saver: BaseCheckpointSaver, config: RunnableConfig): Promise<ReadonlyMap<string, StageWait>> {
  const known = new Map<string, StageWait>()
  for (const wait of (await tuplesOf(saver, config)).flatMap(waitsAt)) {
    const before = known.get(wait.id)
    if (!before || isOpen(before)) known.set(wait.id, wait)
  }
  return known
}

function waitsAt(tuple: CheckpointTuple): StageWait[] {
  const { stages = {} } = (tuple.checkpoint.channel_values.open as OpenState | undefined) ?? {}
  const waits = new Map<string, StageWait>()
  for (const [stage, { waits: its = [] }] of Object.entries(stages)) {
    for (const wait of its) waits.set(wait.id, { ...wait, stage })
  }
  for (const event of eventsOf(tuple)) {
    if (event.type === 'wait.started') waits.set(event.wait, { id: event.wait, stage: event.stage, value: event.value })
    const wait = event.type === 'wait.fired' ? waits.get(event.wait) : undefined
    if (event.type === 'wait.fired')
      waits.set(event.wait, { value: null, ...wait, id: event.wait, stage: event.stage, answer: event.answer })
  }
  return [...waits.values()]
}

const waitStarted = ({ id, ...wait }: OpenWait): RunEventBody => ({ type: 'wait.started', ...wait, wait: id })

const fired = ({ id, stage }: OpenWait, given: Json): RunEventBody => ({
  type: 'wait.fired',
  stage,
  wait: id,
  answer: given,
})

async function commit({ journal }: Kept): Promise<void> {
  try {
    await journal.commit()
  } catch (error) {
    throw error instanceof JournalError ? error.cause : error
  }
}

const noTask = '00000000-0000-0000-0000-000000000000'

/**
 * Inside a node: writes down what LangGraph brings for open waits, only those of stage `of` if it is given. What does not
 * fit its wait is no answer.
 */
export async function takeAnswers(
  kept: Kept,
  { plan, runner, known, of }: { plan: Plan; runner: StageRunner; known: Outcomes; of?: string },
  config: RunnableConfig,
  tell?: (event: RunEventBody) => void,
): Promise<void> {
  if (!kept.lineage) return // a later step of the call: LangGraph brings answers to the first only
  const open = openWaits(plan, kept.past, known)
  for (const wait of open.filter(({ stage }) => of === undefined || stage === of)) {
    const given = keyedAnswer(kept.lineage, wait, config) ?? (open.length === 1 ? plainAnswer(kept.lineage) : undefined)
    if (!given || !fits(runner, wait, given.value)) continue
    const event = fired(wait, given.value)
    kept.journal.say(event)
    tell?.(event)
  }
  await commit(kept)
}

interface Given {
  readonly value: Json
}

/** From this call, or from one whose process died before it was written down. */
function keyedAnswer({ base }: Lineage, { id }: OpenWait, { configurable = {} }: RunnableConfig): Given | undefined {
  const map = (configurable.__pregel_resume_map ?? {}) as Readonly<Record<string, Json>>
  if (Object.hasOwn(map, id)) return { value: map[id] as Json }
  const write = base?.pendingWrites?.find(([task, channel]) => task === id && channel === '__resume__')
  return write && { value: (write[2] as readonly Json[]).at(-1) ?? null }
}

/** It stays where it is when it was taken, so the same answer is not taken twice. */
function plainAnswer({ base, events }: Lineage): Given | undefined {
  const write = base?.pendingWrites?.find(([task, channel]) => task === noTask && channel === '__resume__')
  if (!write) return undefined
  const value = write[2] as Json
  return events.some((event) => event.type === 'wait.fired' && jsonEqual(event.answer, value)) ? undefined : { value }
}

function fits(runner: StageRunner, wait: OpenWait, given: Json): boolean {
  try {
    runner.checkAnswer(wait, given)
    return true
  } catch (error) {
    if (error instanceof InputError) return false
    throw error
  }
}
