/** Our engine on its SQLite store. */
import type { Rival } from '../harness/contract.ts'
import { loadOurs } from '../harness/ours.ts'
import { prepareStagegraph, resumeStagegraph, stopStagegraphAfter } from './stagegraph.ts'
import { prepareForeach } from './stagegraph-foreach.ts'

const { openStore } = await loadOurs()

export const stagegraphSqlite: Rival = {
  prepare: (job, { file, lowering }) =>
    (job.shape.is === 'fan' ? prepareForeach : prepareStagegraph)(job, openStore(file), lowering),
  stopAfter: (job, place, count) => stopStagegraphAfter(job, openStore(place.file), place, count),
  resume: (job, place) => resumeStagegraph(job, openStore(place.file), place),
}
