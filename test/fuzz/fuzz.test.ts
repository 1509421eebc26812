import { describe, expect, it } from 'vitest'
import { fuzz } from './fuzz.ts'

describe('random documents and expressions', () => {
  it('end in diagnostics, values or expression errors: 5,000 with a fixed seed', () => {
    expect(fuzz(20_261_124, 5_000)).toMatchObject({ documents: 2_500, expressions: 2_500 })
  }, 120_000)

  it('and 500 with a seed of the day', () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.log(`fuzz: random seed ${seed} (repeat: npm run fuzz -- --seed ${seed} --count 500)`)
    expect(fuzz(seed, 500).documents).toBe(250)
  }, 60_000)
})
