/** The rivals by name. Each is imported only in the child process that measures it. */
import type { Rival, RivalName } from '../harness/contract.ts'

interface Listed {
  readonly title: string
  /** Packages whose versions stand beside the title. */
  readonly packages: readonly string[]
  load(): Promise<Rival>
}

const graph = ['@langchain/langgraph']

export const rivals: Readonly<Record<RivalName, Listed>> = {
  'stagegraph-sqlite': {
    title: 'Stagegraph, SQLite store',
    packages: [],
    load: async () => (await import('./stagegraph-sqlite.ts')).stagegraphSqlite,
  },
  'stagegraph-memory': {
    title: 'Stagegraph, memory store',
    packages: [],
    load: async () => (await import('./stagegraph-memory.ts')).stagegraphMemory,
  },
  'graph-sqlite': {
    title: 'hand-written StateGraph + official SqliteSaver',
    packages: [...graph, '@langchain/langgraph-checkpoint-sqlite', 'better-sqlite3'],
    load: async () => (await import('./graph-sqlite.ts')).graphSqlite,
  },
  'graph-memory': {
    title: 'hand-written StateGraph + MemorySaver',
    packages: [...graph, '@langchain/langgraph-checkpoint'],
    load: async () => (await import('./graph-memory.ts')).graphMemory,
  },
  graph: {
    title: 'hand-written StateGraph, no saver',
    packages: graph,
    load: async () => (await import('./graph-plain.ts')).graphPlain,
  },
  'graph-our-saver': {
    title: 'hand-written StateGraph + our saver (SQLite)',
    packages: graph,
    load: async () => (await import('./graph-our-saver.ts')).graphOurSaver,
  },
  mastra: {
    title: 'Mastra workflow, storage off',
    packages: ['@mastra/core'],
    load: async () => (await import('./mastra.ts')).mastra,
  },
  function: {
    title: 'plain async function (the limit)',
    packages: [],
    load: async () => (await import('./plain-function.ts')).plainFunction,
  },
}

/** What stands beside us where it is not a job that is measured. */
const others: Readonly<Record<string, Pick<Listed, 'title' | 'packages'>>> = {
  compile: { title: 'Stagegraph: parse + check + plan', packages: [] },
  yaml: { title: 'parseDocument of `yaml` alone', packages: [] },
  'import-stagegraph': { title: "import 'stagegraph'", packages: [] },
  'import-langgraph': { title: "import '@langchain/langgraph'", packages: graph },
  'import-mastra': { title: "import '@mastra/core/workflows'", packages: ['@mastra/core'] },
  'command-line': { title: 'stagegraph', packages: [] },
  'hello-graph': {
    title: 'hello as a hand-written StateGraph + official SqliteSaver',
    packages: [...graph, '@langchain/langgraph-checkpoint-sqlite'],
  },
  'empty-process': { title: 'an empty process (the limit)', packages: [] },
}

/** What the table calls a rival, without versions. */
export const titled = (name: string): Pick<Listed, 'title' | 'packages'> => {
  const found = rivals[name as RivalName] ?? others[name]
  if (!found) throw new Error(`There is no rival "${name}".`)
  return found
}

/** Every rival that can do a job, in the order of the table. */
export const allRivals = Object.keys(rivals) as readonly RivalName[]

export const loadRival = (name: string): Promise<Rival> => {
  const listed = rivals[name as RivalName]
  if (!listed) throw new Error(`There is no rival "${name}".`)
  return listed.load()
}
