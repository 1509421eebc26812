import { describe, expect, it } from 'vitest'
import { fuzz } from './fuzz.ts'

describe('random documents, expressions and schemas', () => {
  it('end in diagnostics, values or expression errors: 4,000 with a fixed seed', () => {
    const { documents, expressions, schemas, modules } = fuzz(20_261_124, 4_000)
    expect(documents + expressions + schemas + modules).toBe(4_000)
    expect(Math.min(documents, expressions, schemas)).toBeGreaterThan(500)
    expect(modules).toBeGreaterThan(50)
  }, 120_000)

  it('and 500 with a seed of the day', () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.log(`fuzz: random seed ${seed} (repeat: npm run fuzz -- --seed ${seed} --count 500)`)
    expect(fuzz(seed, 500).documents).toBeGreaterThan(150)
  }, 60_000)
})
