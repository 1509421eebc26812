/** What a node throws where a run stands still: for a pause, for answers, or because its journal broke. */
import { GraphInterrupt } from '@langchain/langgraph'
import { JournalError, type Recorded } from '../../foundation/journal.ts'
import { PauseRequested, StageWaits } from '../../foundation/stage-runner.ts'
import { interruptFor } from './waits.ts'

export const isHalt = (error: unknown): boolean => error instanceof PauseRequested || error instanceof StageWaits

/** What was asked is durable before anybody is shown it. */
export async function haltFor(error: unknown, recorded: Recorded | undefined): Promise<unknown> {
  // An interrupt without a question: siblings end and are kept, and `invoke(null)` comes back here.
  if (error instanceof PauseRequested) return new GraphInterrupt([])
  if (!(error instanceof StageWaits)) return causeOf(error)
  try {
    await recorded?.journal.commit()
    return interruptFor(error.waits)
  } catch (broken) {
    return causeOf(broken)
  }
}

/** What the checkpointer said: a journal that broke is no business of whoever invoked the graph. */
const causeOf = (error: unknown): unknown => (error instanceof JournalError ? error.cause : error)
