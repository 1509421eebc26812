/**
 * What a hand-written LangGraph graph, a node for each step, leaves on disk with our saver and with the official one.
 *
 *   node bench/store/disk.ts [--official]      # the official one takes minutes
 *
 * Criterion 6 of issue 3: a growing list 50 times less, 100 × 100 KB 30 times less, twice the steps at most 2.3 times
 * the bytes in every workload, and less than 100 KB for 1 MB that 50 steps do not touch.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { openSqliteStore } from '../../src/execution/stores/sqlite.ts'
import type { Job, Step } from '../harness/contract.ts'
import { createWitness } from '../harness/witness.ts'
import { compileGraph, runConfig } from '../rivals/hand-written-graph.ts'
import { chainJob } from '../workloads/chain.ts'
import { textOf } from '../workloads/text.ts'

const chain = (size: number): Job => chainJob(size, createWitness(true))

const withSteps = (job: Job, change: (step: Step, index: number) => Partial<Step>): Job => ({
  ...job,
  steps: job.steps.map((step, index) => ({ ...step, ...change(step, index) })),
})

const list = (size: number): Job => ({
  ...withSteps(chain(size), (_, index) => ({ slot: 'list', work: () => textOf(1_000, index) })),
  slots: { list: 'append' },
})

const outputs = (size: number): Job => {
  const job = withSteps(chain(size), (_, index) => ({ slot: `part_${index}`, work: () => textOf(100_000, index) }))
  return { ...job, slots: Object.fromEntries(job.steps.map(({ slot }) => [slot, 'replace' as const])) }
}

const small = (size: number): Job => {
  const job = withSteps(chain(size), (_, index) => ({ slot: `part_${index}` }))
  return { ...job, slots: Object.fromEntries(job.steps.map(({ slot }) => [slot, 'replace' as const])) }
}

const carried = (size: number): Job => ({ ...chain(size), carried: { blob: textOf(1_000_000, 7) } })

async function bytesOf(job: Job, official: boolean): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'stagegraph-disk-'))
  const file = join(folder, 'runs.db')
  const { saver, close } = official ? await openOfficial(file) : openOurs(file)
  await compileGraph(job, saver).invoke({ ...job.carried }, runConfig(job, 't'))
  await close()
  const { size } = statSync(file)
  rmSync(folder, { recursive: true })
  return size
}

interface Opened {
  readonly saver: BaseCheckpointSaver
  readonly close: () => Promise<void> | void
}

function openOurs(file: string): Opened {
  const store = openSqliteStore(file)
  return { saver: store.saver, close: () => store.close() }
}

async function openOfficial(file: string): Promise<Opened> {
  const { SqliteSaver } = await import('@langchain/langgraph-checkpoint-sqlite')
  const saver = SqliteSaver.fromConnString(file)
  return { saver: saver as unknown as BaseCheckpointSaver, close: () => void saver.db.close() }
}

const works: readonly (readonly [name: string, job: (size: number) => Job, sizes: readonly number[], less: number])[] =
  [
    ['list growing by 1 KB', list, [250, 500, 1_000, 2_000], 50],
    ['100 KB each in a channel of its own', outputs, [50, 100, 200], 30],
    ['a number each in a channel of its own', small, [100, 200, 400, 800], 1],
    ['nothing but a counter', chain, [100, 200, 400, 800, 1_600], 1],
    ['1 MB that no step touches', carried, [1, 50, 100], 1],
  ]

const official = process.argv.includes('--official')
console.log(['work', 'steps', 'bytes', '÷ half the steps', 'official', 'times less'].join('\t'))
for (const [name, job, sizes, less] of works) {
  let before = 0
  for (const [index, size] of sizes.entries()) {
    const bytes = await bytesOf(job(size), false)
    const doubled = index > 0 && size === 2 * (sizes[index - 1] ?? 0) ? (bytes / before).toFixed(2) : ''
    const theirs = official && size <= 1_000 ? await bytesOf(job(size), true) : 0
    const times = theirs > 0 ? `${(theirs / bytes).toFixed(1)} (wanted: ${less})` : ''
    console.log([name, size, bytes, doubled, theirs || '', times].join('\t'))
    before = bytes
  }
}
