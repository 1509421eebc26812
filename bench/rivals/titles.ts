/** What the rivals are called, and which packages they stand on. Says nothing that needs them installed. */
import type { RivalName } from '../harness/contract.ts'

export interface Titled {
  readonly title: string
  /** Packages whose versions stand beside the title. */
  readonly packages: readonly string[]
}

const langgraph = '@langchain/langgraph'
const officialSaver = '@langchain/langgraph-checkpoint-sqlite'

/** In the order of the table. */
const jobRivals: Readonly<Record<RivalName, Titled>> = {
  'stagegraph-sqlite': { title: 'Stagegraph, SQLite store', packages: [] },
  'stagegraph-memory': { title: 'Stagegraph, memory store', packages: [] },
  'graph-sqlite': { title: 'StateGraph + SqliteSaver', packages: [langgraph, officialSaver, 'better-sqlite3'] },
  'graph-memory': { title: 'StateGraph + MemorySaver', packages: [langgraph, '@langchain/langgraph-checkpoint'] },
  graph: { title: 'StateGraph, no saver', packages: [langgraph] },
  'graph-our-saver': { title: 'StateGraph + our SQLite saver', packages: [langgraph] },
  mastra: { title: 'Mastra workflow, storage off', packages: ['@mastra/core'] },
  'function-commits': { title: 'plain function, a bare SQLite commit a step (the limit)', packages: [] },
  function: { title: 'plain async function (the limit)', packages: [] },
}

/** What stands in a table where it is not a job that is measured. */
const otherRivals: Readonly<Record<string, Titled>> = {
  compile: { title: 'Stagegraph: parse + check + plan', packages: [] },
  yaml: { title: 'parseDocument of `yaml` alone', packages: [] },
  'import-stagegraph': { title: "import 'stagegraph'", packages: [] },
  'import-langgraph': { title: "import '@langchain/langgraph'", packages: [langgraph] },
  'import-mastra': { title: "import '@mastra/core/workflows'", packages: ['@mastra/core'] },
  'command-line': { title: 'stagegraph', packages: [] },
  'hello-graph': { title: 'hello as StateGraph + SqliteSaver', packages: [langgraph, officialSaver, 'better-sqlite3'] },
  'empty-process': { title: 'an empty process (the limit)', packages: [] },
}

const ours: ReadonlySet<string> = new Set(['stagegraph-sqlite', 'compile', 'import-stagegraph', 'command-line'])

/** Whether it is what the others of its case are compared with. */
export const isOurs = (rival: string): boolean => ours.has(rival)

/** Every rival that can do a job of a chain. */
export const chainRivals = Object.keys(jobRivals) as readonly RivalName[]

/** Every rival that can do any job. */
export const allRivals = chainRivals.filter((name) => name !== 'function-commits')

/** Throws for a name that nobody has. */
export function titled(name: string): Titled {
  const found = jobRivals[name as RivalName] ?? otherRivals[name]
  if (!found) throw new Error(`There is no rival "${name}".`)
  return found
}
