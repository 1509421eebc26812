/**
 * `npm run bench:compile`: what a compile costs beside reading the YAML alone.
 *
 * parse + check + plan against `parseDocument` on the same text, warmed, interleaved in one process, medians of CPU
 * time. Ratios are what counts; absolute times are those of a shared machine. Targets (issue 2): at most 4 × at 1,000
 * stages, and linear from 100 to 5,000.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseDocument } from 'yaml'
import { compilePipeline } from '../../src/compiler/compile.ts'
import { builtinFunctions, builtinKinds } from '../../src/stages/index.ts'
import { largePipeline } from './pipeline.ts'

const sizes = [100, 1_000, 5_000] as const
const rounds: Readonly<Record<number, number>> = { 100: 40, 1000: 9, 5000: 5 }
const request = { kinds: builtinKinds, functions: builtinFunctions, models: new Set<string>() }

interface Row {
  readonly stages: number
  readonly yamlMs: number
  readonly compileMs: number
  readonly ratio: number
  readonly compileUsPerStage: number
}

function cpuMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

function compileOnce(text: string): void {
  const { plan, diagnostics } = compilePipeline(text, request)
  if (!plan) throw new Error(`the benchmark's pipeline does not compile: ${diagnostics[0]?.message}`)
}

function measure(size: number): Row {
  const text = largePipeline(size)
  const times: { yaml: number[]; compile: number[] } = { yaml: [], compile: [] }
  for (let round = 0; round < (rounds[size] ?? 5) + 2; round++) {
    const yaml = cpuMs(() => void parseDocument(text))
    const compile = cpuMs(() => compileOnce(text))
    if (round < 2) continue // warming
    times.yaml.push(yaml)
    times.compile.push(compile)
  }
  const [yamlMs, compileMs] = [median(times.yaml), median(times.compile)]
  return { stages: size, yamlMs, compileMs, ratio: compileMs / yamlMs, compileUsPerStage: (compileMs * 1_000) / size }
}

compileOnce(largePipeline(300)) // the first compile pays for the machine code of all
const rows = sizes.map(measure)
console.log('| stages | parseDocument ms | parse + check + plan ms | ratio | µs a stage |')
console.log('|---|---|---|---|---|')
for (const { stages, yamlMs, compileMs, ratio, compileUsPerStage } of rows) {
  console.log(
    `| ${stages} | ${yamlMs.toFixed(1)} | ${compileMs.toFixed(1)} | ${ratio.toFixed(2)} | ${compileUsPerStage.toFixed(0)} |`,
  )
}
const [small, middle, large] = rows as [Row, Row, Row]
console.log(`\nat 1,000 stages: ${middle.ratio.toFixed(2)} × parseDocument (target ≤ 4)`)
console.log(
  `per stage, 5,000 against 100: ${(large.compileUsPerStage / small.compileUsPerStage).toFixed(2)} × (1 = linear)`,
)
mkdirSync('bench/results', { recursive: true })
writeFileSync('bench/results/compile.json', `${JSON.stringify({ node: process.version, rows }, null, 2)}\n`)
