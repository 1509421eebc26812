/** A hand-written StateGraph with our checkpointer: what the store alone is worth to those who do not use our engine. */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { Rival } from '../harness/contract.ts'
import { loadOurs } from '../harness/ours.ts'
import { prepareGraph } from './hand-written-graph.ts'
import { resumeGraph, stopGraphAfter } from './stop-and-resume.ts'

const { openStore } = await loadOurs()

/** The type comes from the other tree's copy of one and the same version. */
const open = (file: string) => {
  const store = openStore(file)
  return { store, saver: store.saver as unknown as BaseCheckpointSaver }
}

export const graphOurSaver: Rival = {
  prepare(job, { file }) {
    const { store, saver } = open(file)
    return prepareGraph(job, saver, () => store.close())
  },
  async stopAfter(job, { file }, count) {
    const { store, saver } = open(file)
    await stopGraphAfter(job, saver, count)
    await store.close()
  },
  resume: (job, { file }) => resumeGraph(job, open(file).saver),
}
