/** Random pipelines under random faults: a sample of `npm run sim`. */
import { describe, expect, it } from 'vitest'
import { runSeeds } from './run-seeds.ts'
import { sabotages } from './sabotage.ts'
import { simulate } from './simulate.ts'

describe('a run under faults', () => {
  it('keeps every promise at all times and ends as if nothing had happened: 300 fixed seeds', async () => {
    expect(await violationsOf(1, 300)).toEqual([])
  }, 120_000)

  it('and 100 seeds of the day', async () => {
    const first = 1_000_000 + Math.floor(Math.random() * 2 ** 30)
    console.log(`sim: random seeds (repeat: npm run sim -- --seed ${first} --count 100)`)
    expect(await violationsOf(first, 100)).toEqual([])
  }, 60_000)
})

describe('a seed', () => {
  it('tells the same story every time', async () => {
    for (const seed of [3, 14, 15, 92, 65]) {
      const [first, second] = [await simulate(seed, { traced: true }), await simulate(seed, { traced: true })]
      expect(second).toEqual(first)
      expect(first.trace.length).toBeGreaterThan(10)
    }
  }, 60_000)
})

describe('the simulation', () => {
  it.each(sabotages)(
    'finds out when an engine is lied to: %s',
    async (sabotage) => {
      const lines: string[] = []
      const say = (line: string) => void lines.push(line)
      const { seeds, violated } = await runSeeds(1, 300, { sabotage, untilFound: true, say })
      expect(violated, `nothing was found in ${seeds} seeds`).toHaveLength(1)
      expect(lines.join('\n')).toContain(`npm run sim -- --seed ${violated[0]?.seed}`)
    },
    120_000,
  )
})

async function violationsOf(first: number, count: number): Promise<string[]> {
  const lines: string[] = []
  const { violated } = await runSeeds(first, count, { say: (line) => void lines.push(line) })
  console.log(lines.slice(-2).join('\n'))
  return violated.flatMap(({ seed, violations }) => violations.map((what) => `npm run sim -- --seed ${seed}: ${what}`))
}
