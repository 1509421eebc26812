/** From findings to rows: medians, and no time without an equal result. */
import { expect, test } from 'vitest'
import type { Case, Cell, Finding } from '../../../bench/harness/contract.ts'
import { summarize } from '../../../bench/harness/summary.ts'

const one: Case = {
  id: 'chain-10',
  title: 'chain',
  units: 10,
  unit: 'stage',
  size: 10,
  rivals: ['stagegraph-sqlite', 'mastra', 'function'],
  modes: ['quick'],
  samples: 3,
}
const cell = (rival: string, rounds = 1): Cell => ({ key: `chain-10/${rival}`, one, rival, rounds, samples: 3 })
const finding = (digest: string, ...cpu: number[]): Finding => ({
  digest,
  samples: cpu.map((cpuUs) => ({ cpuUs, wallUs: cpuUs * 2, bytes: 100 })),
})

test('medians are taken over the samples of all rounds, for each unit', () => {
  const cells = { 'chain-10/mastra': { rounds: [finding('same', 100, 900), finding('same', 300)] } }
  expect(summarize([[cell('mastra', 2)]], cells)).toMatchObject([
    { state: 'measured', cpuUs: 30, wallUs: 60, bytes: 100, samples: 3 },
  ])
})

test('a rival that ends with another state than the plain function has no times', () => {
  const cells = {
    'chain-10/stagegraph-sqlite': { rounds: [finding('wrong', 100)] },
    'chain-10/mastra': { rounds: [finding('right', 100)] },
    'chain-10/function': { rounds: [finding('right', 1)] },
  }
  const rows = summarize([['stagegraph-sqlite', 'mastra', 'function'].map((rival) => cell(rival))], cells)
  expect(rows.map(({ state, cpuUs }) => [state, cpuUs])).toEqual([
    ['differs', undefined],
    ['measured', 10],
    ['measured', 0.1],
  ])
})

test('one round with another state is enough', () => {
  const cells = {
    'chain-10/mastra': { rounds: [finding('right', 100), finding('wrong', 100)] },
    'chain-10/function': { rounds: [finding('right', 1)] },
  }
  expect(summarize([[cell('mastra', 2), cell('function')]], cells)[0]?.state).toBe('differs')
})

test('what is missing, begun or failed says so', () => {
  const cells = {
    'chain-10/mastra': { rounds: [finding('same', 100)] },
    'chain-10/function': { rounds: [], failed: 'out of memory' },
  }
  const rows = summarize([[cell('stagegraph-sqlite'), cell('mastra', 2), cell('function')]], cells)
  expect(rows.map(({ state }) => state)).toEqual(['missing', 'partly', 'failed'])
  expect(rows[2]).toMatchObject({ failure: 'out of memory' })
})
