/** The work of the flow lowering's node: the pipeline's own list, run by the scheduler, its outcomes in the journal. */
import { setMaxListeners } from 'node:events'
import { createTopology } from '../compiler/lower/topology.ts'
import type { CreateFlow, Flown, FlowWork } from '../foundation/flow.ts'
import { copyOutcomes } from '../foundation/join-outcomes.ts'
import { JournalError } from '../foundation/journal.ts'
import type { StageRunner } from '../foundation/stage-runner.ts'
import { runList, type Schedule, scheduleOf } from './schedule.ts'

export const createFlow: CreateFlow = (plan) => {
  const schedule = scheduleOf(plan.stages, createTopology(plan))
  return (runner) => (work) => runFlow(schedule, runner, work)
}

async function runFlow(schedule: Schedule, runner: StageRunner, { view, line }: FlowWork): Promise<Flown> {
  // Stages see it grow: what is upstream of a stage is complete when it starts, and it reads nothing else.
  const outcomes = copyOutcomes(view.outcomes)
  const seen = { ...view, outcomes }
  if (line.signal) setMaxListeners(0, line.signal) // a listener per running stage, taken away when it ends
  try {
    const flown = await runList(schedule, {
      outcomes,
      run: (stage) => runner.runStage(stage, seen, line),
      onEnd: ({ checkpoint }) => checkpoint === true,
      onNews: line.recorded?.onNews,
    })
    await line.recorded?.journal.commit() // whoever gets the outcomes gets only what the journal has
    return flown
  } catch (error) {
    throw error instanceof JournalError ? error.cause : error
  }
}
