/**
 * A run taken up again: its checkpoint is compared with its log, and one of them learns from the other. What was edited
 * in from outside goes into the log; a checkpoint that is damaged, or says something else, is made anew from the log.
 */
import type { RunnableConfig } from '@langchain/core/runnables'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { Journal } from '../foundation/journal.ts'
import type { Outcomes, RunState } from '../foundation/outcome.ts'
import type { Past } from '../foundation/past.ts'
import type { Plan } from '../foundation/plan.ts'
import type { StageRunner } from '../foundation/stage-runner.ts'
import { mismatches } from './mismatches.ts'
import { compare, readThread, type ThreadState, wasEdited } from './recovery.ts'
import { closeStage } from './stage-events.ts'
import type { RunRecord } from './store.ts'

export interface TakeUp {
  readonly plan: Plan
  readonly record: RunRecord
  readonly runState: RunState
  readonly past: Past
  readonly config: RunnableConfig
  readonly saver: BaseCheckpointSaver
  readonly runner: Pick<StageRunner, 'inputHash'>
  readonly log: Journal
}

/** The thread as the graph may go on with it; undefined: it begins anew, and finds everything in the log. */
export async function takeUp(run: TakeUp): Promise<ThreadState | undefined> {
  const { saver, config, past, log } = run
  const thread = await readThread(saver, config)
  if (!thread) return rebuild(run, 'damaged')
  const { added, changed } = compare(thread, past)
  const differs = Object.keys(changed).length > 0
  if (differs && !thread.edited && !(await wasEdited(saver, config))) return rebuild(run, 'not what the log says')
  const news = { ...added, ...changed }
  adopt(log, news)
  for (const patch of thread.patches.slice(past.patches.length)) log.say({ type: 'variable.patched', ...patch })
  if (thread.edited) tellMismatches(run, thread, news)
  await log.commit()
  return thread
}

async function rebuild({ log, saver, record }: TakeUp, why: string): Promise<undefined> {
  const message = `The checkpoint of the run was ${why}; it was made anew from the log.`
  log.say({ type: 'run.warned', code: 'checkpoint_corrupt', message })
  await log.commit()
  await saver.deleteThread(record.id)
}

/** Outcomes that only the checkpoint had: edited in from outside, or left by an older version. */
function adopt(log: Journal, outcomes: Outcomes): void {
  for (const [path, outcome] of Object.entries(outcomes)) {
    for (const event of closeStage(path, outcome)) log.say(event, outcome.ended_at)
  }
}

function tellMismatches(run: TakeUp, { patches }: ThreadState, news: Outcomes): void {
  const { plan, runner, past, record, runState, log } = run
  const view = { inputs: record.inputs, outcomes: { ...past.outcomes, ...news }, run: runState, patches }
  for (const event of mismatches(plan, runner, view, past)) log.say(event)
}
