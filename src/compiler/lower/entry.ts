/**
 * What the nodes of one call of the graph have in common: whether the thread went on or started here, and what was
 * recorded at the checkpoint that the call began with. Only there can the journal hold rows that the state has not; what
 * later steps of the call find was returned by the ones before them.
 *
 * The note travels in the call's configuration, from the graph to its nodes.
 */
import type { RunnableConfig } from '@langchain/core/runnables'
import type { Node } from './pipeline-state.ts'

/** The key LangGraph carries it under; two underscores keep it out of checkpoints' metadata. */
export const entryKey = '__stagegraph_entry'

export interface Entry {
  /**
   * Whether `base` is the checkpoint that a thread goes on from in this call; what is read there is read once, by whoever
   * asks first. Always false for a thread that starts here.
   */
  isFirst(base: unknown): boolean
  /** What `read` resolves with, read once in this call. */
  once<T>(read: () => Promise<T>): Promise<T>
  /** What was read, if anything was. */
  readonly opened: Promise<unknown> | undefined
  /** The call names its checkpoint, which may have been gone on from before. */
  readonly addressed: boolean
  /** What the node of `flow` does in this call. */
  readonly enter: Node | undefined
}

export function createEntry(goesOn: boolean, addressed: boolean, enter?: Node): Entry {
  let base: { readonly id: unknown } | undefined
  let opened: Promise<unknown> | undefined
  return {
    isFirst(id) {
      base ??= { id }
      return goesOn && base.id === id
    },
    once<T>(read: () => Promise<T>): Promise<T> {
      opened ??= read()
      return opened as Promise<T>
    },
    get opened() {
      return opened
    },
    addressed,
    enter,
  }
}

/** Without a note every entry looks for itself. */
export const entryOf = ({ configurable }: RunnableConfig): Entry =>
  (configurable?.[entryKey] as Entry | undefined) ?? createEntry(true, false)
