/** A hand-written StateGraph with LangGraph's MemorySaver. */
import { MemorySaver } from '@langchain/langgraph'
import type { Rival } from '../harness/contract.ts'
import { prepareGraph } from './hand-written-graph.ts'

export const graphMemory: Rival = { prepare: (job) => prepareGraph(job, new MemorySaver()) }
