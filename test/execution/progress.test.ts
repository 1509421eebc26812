import { describe, expect, it } from 'vitest'
import { createProgress } from '../../src/execution/progress.ts'
import { compile } from '../../src/index.ts'

const { plan } = compile(`
name: p
stages:
  - { id: a, transform: 1 }
  - { id: long, needs: [a], transform: 1 }
  - { id: short, needs: [a], transform: 1 }
  - { id: end, needs: [long, short], transform: 1 }
`)

describe('progress', () => {
  it('is the share of stages that are done, and parts of those that run', () => {
    const progress = createProgress(plan, new Map())
    expect(progress.percentage).toBe(0)
    progress.finished('a', 10)
    expect(progress.percentage).toBe(25)
    progress.advanced('long', 0.5)
    expect(progress.percentage).toBe(37.5)
  })

  it('never goes backwards, never counts a stage twice, and reaches 100 only when all are done', () => {
    const progress = createProgress(plan, new Map())
    progress.advanced('a', 0.8)
    progress.advanced('a', 0.2)
    expect(progress.percentage).toBe(20)
    for (const id of ['a', 'a', 'long', 'short']) progress.finished(id, 1)
    progress.advanced('end', 1)
    expect(progress.percentage).toBeLessThan(100)
    progress.finished('end', undefined)
    expect(progress.percentage).toBe(100)
  })
})

describe('the time left', () => {
  it('is unknown while nothing is known', () => {
    expect(createProgress(plan, new Map()).etaMs(0)).toBeNull()
  })

  it('is the longest chain of what is not done, by the durations of an earlier run', () => {
    const progress = createProgress(plan, new Map(Object.entries({ a: 10, long: 1_000, short: 50, end: 100 })))
    expect(progress.etaMs(0)).toBe(1_110)
    progress.finished('a', 10)
    progress.started('long', 0)
    expect(progress.etaMs(400)).toBe(700)
    progress.finished('long', 1_000)
    progress.finished('short', 50)
    expect(progress.etaMs(1_000)).toBe(100)
    progress.finished('end', 100)
    expect(progress.etaMs(1_100)).toBe(0)
  })

  it('takes the mean of what has finished where nothing else is known', () => {
    const progress = createProgress(plan, new Map())
    progress.finished('a', 200)
    expect(progress.etaMs(0)).toBe(400)
  })
})
