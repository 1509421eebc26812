/** A hand-written StateGraph with LangGraph's official SqliteSaver. */
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'
import type { Rival } from '../harness/contract.ts'
import { prepareGraph } from './hand-written-graph.ts'
import { resumeGraph, stopGraphAfter } from './stop-and-resume.ts'

export const graphSqlite: Rival = {
  prepare(job, { file }) {
    const saver = SqliteSaver.fromConnString(file)
    return prepareGraph(job, saver, () => void saver.db.close())
  },
  async stopAfter(job, { file }, count) {
    const saver = SqliteSaver.fromConnString(file)
    await stopGraphAfter(job, saver, count)
    saver.db.close()
  },
  resume: (job, { file }) => resumeGraph(job, SqliteSaver.fromConnString(file)),
}
