/** A hand-written StateGraph that stores nothing. */
import type { Rival } from '../harness/contract.ts'
import { prepareGraph } from './hand-written-graph.ts'

export const graphPlain: Rival = { prepare: (job) => prepareGraph(job) }
