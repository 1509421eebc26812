/**
 * A thread held for the length of a call, where the checkpointer can: so that two processes never run one thread, and
 * whoever lost it cannot write any more. LangGraph's own checkpointers cannot; there it is the caller's duty.
 */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'

/** A checkpointer that gives a thread to one caller at a time. */
export interface HoldingSaver {
  /** Rejects with ThreadError `thread_busy` when someone else has it. */
  hold(thread: string): Promise<Hold>
}

export interface Hold {
  /** Its writes throw ThreadError `fenced` when someone else took the thread. */
  readonly saver: BaseCheckpointSaver
  release(): Promise<void>
}

/** Undefined when the checkpointer has no such thing. */
export async function holdThread(saver: BaseCheckpointSaver | undefined, thread: string): Promise<Hold | undefined> {
  return saver && canHold(saver) ? saver.hold(thread) : undefined
}

const canHold = (saver: BaseCheckpointSaver): saver is BaseCheckpointSaver & HoldingSaver =>
  typeof (saver as Partial<HoldingSaver>).hold === 'function'
