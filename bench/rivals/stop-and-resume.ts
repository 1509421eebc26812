/** A hand-written StateGraph stopped before a step and taken up again from its saver. */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { Job } from '../harness/contract.ts'
import { compileGraph, runConfig } from './hand-written-graph.ts'

const thread = 'stopped'

export async function stopGraphAfter(job: Job, checkpointer: BaseCheckpointSaver, count: number): Promise<void> {
  const next = job.steps[count]
  if (!next) throw new Error(`The job has no step after ${count}.`)
  const graph = compileGraph(job, checkpointer)
  await graph.invoke({ ...job.carried }, { ...runConfig(job, thread), interruptBefore: [next.id] })
}

export async function resumeGraph(job: Job, checkpointer: BaseCheckpointSaver): Promise<void> {
  await compileGraph(job, checkpointer).invoke(null, runConfig(job, thread))
}
