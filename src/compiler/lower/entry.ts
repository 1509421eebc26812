/**
 * Whether a node is entered for the first time in this call of the graph: only then can the journal hold rows that the
 * state has not. What later entries of the call find was returned by the one before them.
 *
 * The note travels in the call's configuration, from the graph to its nodes.
 */
import type { RunnableConfig } from '@langchain/core/runnables'

/** The key LangGraph carries it under; two underscores keep it out of checkpoints' metadata. */
export const entryKey = '__stagegraph_entry'

export interface Entry {
  /** True once, for a thread that goes on; always false for one that starts here. */
  first(): boolean
}

export function createEntry(goesOn: boolean): Entry {
  let unread = goesOn
  return {
    first() {
      const is = unread
      unread = false
      return is
    },
  }
}

/** Without a note every entry looks. */
export const entryOf = ({ configurable }: RunnableConfig): Entry =>
  (configurable?.[entryKey] as Entry | undefined) ?? { first: () => true }
