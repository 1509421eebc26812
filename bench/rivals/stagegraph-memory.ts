/** Our engine on its memory store. */
import type { Rival } from '../harness/contract.ts'
import { loadOurs } from '../harness/ours.ts'
import { prepareStagegraph } from './stagegraph.ts'

const { createMemoryStore } = await loadOurs()

export const stagegraphMemory: Rival = {
  prepare: (job, { lowering }) => prepareStagegraph(job, createMemoryStore(), lowering),
}
