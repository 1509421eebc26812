/** Rivals by name; each is imported only in the child process that measures it. */
import type { Rival, RivalName } from '../harness/contract.ts'

const loaders: Readonly<Record<RivalName, () => Promise<Rival>>> = {
  'stagegraph-sqlite': async () => (await import('./stagegraph-sqlite.ts')).stagegraphSqlite,
  'stagegraph-memory': async () => (await import('./stagegraph-memory.ts')).stagegraphMemory,
  'graph-sqlite': async () => (await import('./graph-sqlite.ts')).graphSqlite,
  'graph-memory': async () => (await import('./graph-memory.ts')).graphMemory,
  graph: async () => (await import('./graph-plain.ts')).graphPlain,
  'graph-our-saver': async () => (await import('./graph-our-saver.ts')).graphOurSaver,
  mastra: async () => (await import('./mastra.ts')).mastra,
  'function-commits': async () => (await import('./function-commits.ts')).functionCommits,
  function: async () => (await import('./plain-function.ts')).plainFunction,
}

/** Throws for a name that nobody has. */
export function loadRival(name: string): Promise<Rival> {
  const load = loaders[name as RivalName]
  if (!load) throw new Error(`There is no rival "${name}".`)
  return load()
}
