/**
 * `node bench/stage/main.ts`: what the wrapper around one trivial stage costs, without a store and without a graph.
 *
 * Chains of stages through `createStageRunner(plan, deps).runStage`, one after another, outcomes growing as in the flow
 * lowering. Every run gets a copy of the plan, so that nothing remembered for a plan's objects outlives it. CPU time of
 * the whole process, in two states of the machine code:
 *
 * - young: as `npm run bench` measures a chain of 100: in child processes, interleaved, each with four warm-up runs. The
 *   compiler of machine code runs beside it, so a busy machine makes it dearer: the quickest child counts most.
 * - warm: chains of 1,000, medians of interleaved rounds in one process.
 *
 * `--only=<row>` runs one row, warm (for `--cpu-prof`).
 */
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { type Row, rows } from './rows.ts'
import { createChain } from './run.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    child: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    children: { type: 'string', default: '9' },
  },
})

const median = (each: readonly number[]): number => each.toSorted((a, b) => a - b)[each.length >> 1] ?? Number.NaN

async function young(row: Row): Promise<number> {
  const run = createChain(row, 100)
  for (let i = 0; i < 4; i++) await run()
  const samples: number[] = []
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.()
    samples.push(await run())
  }
  return median(samples)
}

function youngInChild(name: string): number {
  const args = ['--expose-gc', import.meta.filename, `--child=${name}`]
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

async function interleaved(names: readonly string[], times: number, one: (name: string) => Promise<number> | number) {
  const found = new Map(names.map((name) => [name, [] as number[]]))
  for (let i = 0; i < times; i++) for (const [name, each] of found) each.push(await one(name))
  return found
}

async function table(names: readonly string[]): Promise<void> {
  const chains = new Map(names.map((name) => [name, createChain(rowOf(name), 1_000)]))
  const warmRun = (name: string) => chains.get(name)?.() ?? Number.NaN
  await interleaved(names, 3, warmRun)
  const warm = await interleaved(names, Number(values.rounds), warmRun)
  const fresh = values.only === undefined ? await interleaved(names, Number(values.children), youngInChild) : undefined
  console.log('| µs CPU per stage | young, quickest | young, median | warm |\n|---|---|---|---|')
  for (const [name, each] of warm) {
    const children = fresh?.get(name) ?? []
    const [quickest, middle] = [Math.min(...children), median(children)].map((us) => us.toFixed(1))
    console.log(`| ${name} | ${quickest} | ${middle} | ${median(each).toFixed(1)} |`)
  }
}

function rowOf(name: string): Row {
  const row = rows[name]
  if (!row) throw new Error(`There is no row "${name}".`)
  return row
}

if (values.child !== undefined) console.log(await young(rowOf(values.child)))
else await table(values.only === undefined ? Object.keys(rows) : [values.only])
