/**
 * What `settle` waits on while a thread is edited.
 *
 * LangGraph releases deferred nodes whenever a step triggers nothing else, and an edit is a step. The release would be
 * stored, and `settle` would run beside the stages that are still to come. So edits are made with this channel in place
 * of the real one: the same contents, never released.
 */
import { LastValueAfterFinish } from '@langchain/langgraph/channels'

/** LangGraph's name of the channel that starts a node. */
export const triggerOf = (node: string): string => `branch:to:${node}`

export class EditingTrigger extends LastValueAfterFinish<unknown> {
  override fromCheckpoint(checkpoint?: [unknown, boolean]): this {
    const channel = new EditingTrigger()
    if (checkpoint === undefined) return channel as this
    const [value, finished] = checkpoint
    channel.value = [value]
    channel.finished = finished
    return channel as this
  }

  override finish(): boolean {
    return false
  }
}
