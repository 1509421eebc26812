/** `npm run fuzz [-- --seed n --count n]`: 100,000 random inputs, half documents, half expressions. */
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'

const { values } = parseArgs({ options: { seed: { type: 'string' }, count: { type: 'string' } } })
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const count = Number(values.count ?? 100_000)

console.log(`fuzz: ${count} inputs, seed ${seed}`)
const started = performance.now()
const { documents, expressions, slowestMs } = fuzz(seed, count, (done) => console.log(`  ${done} done`))
const seconds = (performance.now() - started) / 1_000
console.log(
  `fuzz: ${documents} documents and ${expressions} expressions in ${seconds.toFixed(0)} s, slowest ${slowestMs.toFixed(0)} ms, no crash`,
)
