/**
 * `npm run sim [-- --seed n --count n]`: so many seeds from the given one on; with `--seed` alone that one, with its
 * trace. Exits with 1 when something is wrong, and says how to see it again.
 */
import { parseArgs } from 'node:util'
import { runSeeds } from './run-seeds.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string' }, count: { type: 'string' }, sabotage: { type: 'string' } },
})
const first = Number(values.seed ?? 1)
const count = Number(values.count ?? (values.seed === undefined ? 20_000 : 1))
const summary = await runSeeds(first, count, {
  always: count === 1,
  say: (line) => console.log(line),
  ...(values.sabotage !== undefined && { sabotage: values.sabotage as never }),
})
process.exitCode = summary.violated.length > 0 ? 1 : 0
