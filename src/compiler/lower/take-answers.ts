/**
 * Answers inside a node, where they come in by LangGraph's own ways: the pipeline is part of another graph, or the call
 * names an older checkpoint.
 */
import type { RunnableConfig } from '@langchain/core/runnables'
import { InputError } from '../../foundation/errors.ts'
import type { RunEventBody } from '../../foundation/events.ts'
import { type Json, jsonEqual } from '../../foundation/json.ts'
import type { Outcomes } from '../../foundation/outcome.ts'
import { topOf } from '../../foundation/paths.ts'
import type { Plan } from '../../foundation/plan.ts'
import type { StageRunner } from '../../foundation/stage-runner.ts'
import type { OpenWait } from '../../foundation/wait.ts'
import type { Lineage } from './lineage.ts'
import type { Kept } from './saver-journal.ts'
import { commit, fired, openWaits } from './waits.ts'

const noTask = '00000000-0000-0000-0000-000000000000'

/**
 * Writes down what LangGraph brings for open waits, only those of stage `of` if it is given. What does not
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
  for (const wait of open.filter(({ stage }) => of === undefined || topOf(stage) === of)) {
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
