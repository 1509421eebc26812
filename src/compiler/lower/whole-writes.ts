/**
 * The checkpointer as a pipeline's graph gives it to LangGraph: of a node that failed it gets the failure alone.
 *
 * When a node throws, LangGraph stops those beside it, also one that has written its outcome and not yet the edges that
 * lead on from it; it stores that half together with the error, and on the next call takes the node for done. What comes
 * after it never runs (LangGraph.js 1.7.3). With the error alone, the node is run again, and finds its outcome in the
 * journal.
 */
import { type BaseCheckpointSaver, ERROR, type PendingWrite } from '@langchain/langgraph-checkpoint'

export function withWholeWrites(saver: BaseCheckpointSaver): BaseCheckpointSaver {
  const putWrites: BaseCheckpointSaver['putWrites'] = (config, writes, ...task) =>
    saver.putWrites(config, wholeWrites(writes), ...task)
  return new Proxy(saver, {
    get(target, key) {
      if (key === 'putWrites') return putWrites
      const member: unknown = Reflect.get(target, key, target)
      return typeof member === 'function' ? member.bind(target) : member // private fields know only the target
    },
  })
}

function wholeWrites(writes: PendingWrite[]): PendingWrite[] {
  const failed = writes.filter(([channel]) => channel === ERROR)
  return failed.length > 0 ? failed : writes
}
