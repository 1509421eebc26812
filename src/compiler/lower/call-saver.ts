/**
 * The checkpointer as a pipeline's graph gives it to LangGraph, for one call: it does not take half of what a node wrote,
 * and what is read of it has everything that was put before.
 *
 * - When a node throws, LangGraph stops those beside it, also one that has written its outcome and not yet the edges that
 *   lead on from it; it stores that half together with the error, and on the next call takes the node for done. What
 *   comes after it never runs. With the error alone, the node is run again, and finds its outcome in the journal.
 * - LangGraph does not wait for the checkpoint of a command's input, with durability `sync` neither, before it runs nodes;
 *   a node that then reads its journal would look for a checkpoint that is not there yet.
 *
 * Both found in LangGraph.js 1.7.3.
 */
import { type BaseCheckpointSaver, ERROR, type PendingWrite } from '@langchain/langgraph-checkpoint'

export function saverForCall(saver: BaseCheckpointSaver): BaseCheckpointSaver {
  const underWay = new Set<Promise<unknown>>()
  const ours: Partial<BaseCheckpointSaver> = {
    putWrites: (config, writes, ...task) => saver.putWrites(config, wholeWrites(writes), ...task),
    put(...checkpoint) {
      const made = saver.put(...checkpoint)
      const ended = () => underWay.delete(made)
      underWay.add(made)
      made.then(ended, ended) // LangGraph is told of a failure
      return made
    },
    async getTuple(config) {
      if (underWay.size > 0) await Promise.allSettled(underWay)
      return saver.getTuple(config)
    },
  }
  return new Proxy(saver, {
    get(target, key) {
      if (Object.hasOwn(ours, key)) return ours[key as keyof typeof ours]
      const member: unknown = Reflect.get(target, key, target)
      return typeof member === 'function' ? member.bind(target) : member // private fields know only the target
    },
  })
}

function wholeWrites(writes: PendingWrite[]): PendingWrite[] {
  const failed = writes.filter(([channel]) => channel === ERROR)
  return failed.length > 0 ? failed : writes
}
