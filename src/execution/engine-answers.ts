/** Answers to the waits of a run, as an engine takes them: checked against the log, then part of it. */
import { checkAnswer, type StageWait } from '../foundation/answer.ts'
import type { Json } from '../foundation/json.ts'
import type { DatedEvent, Past } from '../foundation/past.ts'
import { holdersOf } from '../foundation/paths.ts'
import type { StageRunner } from '../foundation/stage-runner.ts'
import { isOpen } from '../foundation/wait.ts'

/** By id of the wait. */
export type Answers = Readonly<Record<string, Json>>

/** The events that tell of the answers; what is answered already and the same is left out. Throws as `checkAnswer`. */
export function answerEvents(
  answers: Answers,
  { past, thread, at }: { readonly past: Past; readonly thread: string; readonly at: string },
  runner: Pick<StageRunner, 'checkAnswer'>,
): DatedEvent[] {
  const waits = new Map(past.paths.flatMap((path) => waitsOf(path, past)))
  return Object.entries(answers).flatMap(([id, given]): DatedEvent[] => {
    const wait = waits.get(id)
    checkAnswer({ id, given, thread, nowMs: Date.parse(at) }, wait, runner)
    return wait && isOpen(wait) ? [{ type: 'wait.fired', stage: wait.stage, wait: id, answer: given, at }] : []
  })
}

/** A wait of a stage that ended is open no more, whatever became of it. */
function waitsOf(stage: string, past: Past): [string, StageWait][] {
  const { waits = [] } = past.of(stage)
  const isOver = [...holdersOf(stage), stage].some((path) => past.of(path).outcome !== undefined)
  return waits.flatMap((wait) => (isOver && isOpen(wait) ? [] : [[wait.id, { ...wait, stage }]]))
}
