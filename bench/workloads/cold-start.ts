/** What someone at a terminal waits for: the command line in a new process, beside the smallest hand-written graph. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case, Finding, Sample, Workload } from '../harness/contract.ts'
import { digestOf } from '../harness/digest.ts'
import { snapshotFolder } from '../harness/ours.ts'
import { benchFolder, rootFolder } from '../harness/places.ts'
import { measuredProcess } from './process.ts'

const hello = join(rootFolder, 'examples/01-hello.yaml')
const commands: Readonly<Record<string, { readonly args: readonly string[]; readonly expected: string }>> = {
  help: { args: ['--help'], expected: 'Exit codes' },
  validate: { args: ['validate', hello], expected: '' },
  run: { args: ['run', hello, '-i', 'name=Ada', '--store', 'runs.db'], expected: 'Hello, Ada!' },
}

const started = (command: string): Case => ({
  id: `cold-${command}`,
  title: `cold start: stagegraph ${command === 'help' ? '--help' : command === 'run' ? 'run hello' : 'validate hello'}`,
  units: 1,
  unit: 'process',
  size: 1,
  rivals: command === 'run' ? ['command-line', 'hello-graph', 'empty-process'] : ['command-line', 'empty-process'],
  modes: ['quick', 'full'],
  samples: 3,
})

/** The same hello as a hand-written graph on the official SqliteSaver. */
const helloGraph = `
import { Annotation, END, START, StateGraph } from '${benchFolder}node_modules/@langchain/langgraph/dist/index.js'
import { SqliteSaver } from '${benchFolder}node_modules/@langchain/langgraph-checkpoint-sqlite/dist/index.js'
const graph = new StateGraph(Annotation.Root({ name: Annotation(), greeting: Annotation() }))
  .addNode('greet', ({ name }) => ({ greeting: 'Hello, ' + name + '!' }))
  .addEdge(START, 'greet').addEdge('greet', END)
  .compile({ checkpointer: SqliteSaver.fromConnString('graph.db') })
console.log((await graph.invoke({ name: 'Ada' }, { configurable: { thread_id: 't' } })).greeting)
`

export const coldStart: Workload = {
  name: 'cold-start',
  cases: ['help', 'validate', 'run'].map(started),
  async measure(one, name, { samples, directory }): Promise<Finding> {
    const command = commands[one.id.slice('cold-'.length)]
    if (!command) throw new Error(`no command for ${one.id}`)
    const found: Sample[] = []
    for (let i = 0; i <= samples; i++) {
      const cwd = join(directory, `${i}`)
      mkdirSync(cwd)
      const sample = measured(name, command, cwd)
      rmSync(cwd, { recursive: true })
      if (i > 0) found.push(sample) // the first reads the files from disk
    }
    return { samples: found, digest: digestOf(one.id) }
  },
}

function measured(
  name: string,
  { args, expected }: { args: readonly string[]; expected: string },
  cwd: string,
): Sample {
  if (name === 'empty-process') return measuredProcess(['-e', '0'], cwd, '')
  if (name === 'command-line') return measuredProcess([`${snapshotFolder()}dist/cli/main.js`, ...args], cwd, expected)
  writeFileSync(join(cwd, 'hello.mjs'), helloGraph)
  return measuredProcess(['hello.mjs'], cwd, expected)
}
