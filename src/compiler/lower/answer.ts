/**
 * Answers at the door of a graph: checked and written down before LangGraph sees them.
 */
import { Command } from '@langchain/langgraph'
import { checkAnswer } from '../../foundation/answer.ts'
import { ThreadError } from '../../foundation/errors.ts'
import { isJsonObject, type Json } from '../../foundation/json.ts'
import { topOf } from '../../foundation/paths.ts'
import type { Plan } from '../../foundation/plan.ts'
import { isOpen, type OpenWait, waitIdOf } from '../../foundation/wait.ts'
import { waitStarted } from '../../foundation/wait-events.ts'
import { type Lineage, readLineage } from './lineage.ts'
import { createKept, type Kept, type Place } from './saver-journal.ts'
import type { PipelineParts, Thread } from './thread.ts'
import { commit, fired, openWaits, waitsOf } from './waits.ts'

/** The checkpoint that a call is about, and where it is kept. */
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
  const told = openWaits(plan, kept.past, { ...kept.past.outcomes, ...thread.state.stages })
  const untold = askedOnly(plan, thread, kept, lineage)
  const open = [...told, ...untold]
  const all = await waitsOf(saver, config)
  const answers = isKeyed(command.resume) ? command.resume : { [onlyOne(open, thread).id]: command.resume as Json }
  const taken = Object.entries(answers).flatMap(([id, given]) => {
    const [wait, known] = [open.find((each) => each.id === id), all.get(id)]
    checkAnswer({ id, given, thread: thread.id, nowMs: Date.now() }, known && !isOpen(known) ? known : wait, runner)
    return wait ? [{ wait, given }] : []
  })
  const { resume: _, ...others } = command
  if (called.isPast && taken.length > 0) {
    return new Command({ ...others, resume: Object.fromEntries(taken.map(({ wait, given }) => [wait.id, given])) })
  }
  for (const { wait, given } of taken) {
    if (untold.includes(wait)) kept.journal.say(waitStarted(wait, 1))
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
  const paths = new Set([...stages.map(({ id }) => id), ...past.paths])
  return [...paths].flatMap((stage) => {
    const { generation, waits } = past.of(stage)
    if (waits !== undefined || Object.hasOwn(state.stages, topOf(stage))) return []
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
