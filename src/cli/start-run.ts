/** Starts or resumes a run and shows it to its end. Loads LangGraph, so it is imported when needed. */
import type { Run } from '../execution/run.ts'
import type { JsonObject } from '../foundation/json.ts'
import type { Plan } from '../foundation/plan.ts'
import type { ExitCode } from './exit-codes.ts'
import { followRun } from './follow-run.ts'
import { knownThread } from './known-thread.ts'
import { nextSteps } from './next-steps.ts'
import { type OpenEngine, openEngine } from './open-engine.ts'
import { endedOf } from './render/ending.ts'
import type { Renderer } from './render/renderer.ts'
import { wordsTo } from './renderer-for.ts'
import type { Terminal } from './terminal.ts'

export interface StartRun {
  readonly terminal: Terminal
  readonly storePath: string
  readonly json: boolean
  readonly threadId: string | undefined
  readonly until: string | undefined
  readonly by: string | undefined
  readonly renderer: Renderer
}

export async function startRun(plan: Plan, inputs: JsonObject, options: StartRun): Promise<ExitCode> {
  const { terminal, storePath, renderer, threadId, until, by } = options
  try {
    await using open = await openEngine(terminal, storePath, renderer.note)
    const after = renderer.wantsHistory || threadId === undefined ? 0 : await lastSeq(open, threadId)
    const run = await open.engine.start(plan, inputs, {
      ...(threadId !== undefined && { threadId }),
      ...(until !== undefined && { until }),
      ...(by !== undefined && { by }),
    })
    return await follow(run, open, options, after)
  } finally {
    renderer.end()
  }
}

export async function follow(
  run: Run,
  { engine, storePath }: OpenEngine,
  { terminal, renderer, json }: Pick<StartRun, 'terminal' | 'renderer' | 'json'>,
  after: number,
): Promise<ExitCode> {
  const next = nextSteps(run.id, storePath, terminal.cwd)
  async function cancelPaused() {
    await engine.cancel(run.id)
    return endedOf(await knownThread(engine, run.id))
  }
  const pending = () => engine.pending(run.id)
  return followRun(run, { terminal, renderer, next, ending: wordsTo(terminal, json), after, pending, cancelPaused })
}

/** Where a thread's history ends; 0 when there is none. */
export async function lastSeq({ engine }: OpenEngine, threadId: string): Promise<number> {
  let seq = 0
  for await (const event of engine.events(threadId)) seq = event.seq
  return seq
}
