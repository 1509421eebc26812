/** The targets of issue 3, read off rows. */
import { expect, test } from 'vitest'
import type { Case } from '../../../bench/harness/contract.ts'
import type { Row } from '../../../bench/harness/summary.ts'
import { verdicts } from '../../../bench/harness/targets.ts'

const row = (id: string, rival: string, measured: Partial<Row>, size = 1): Row => {
  const one: Case = { id, title: id, units: 1, unit: 'stage', size, rivals: [rival], modes: ['full'], samples: 1 }
  return { one, rival, state: 'measured', samples: 1, ...measured }
}
const verdict = (rows: readonly Row[], says: string) => verdicts(rows).find((each) => each.says.includes(says))

test('a target is ours divided by the rival it names', () => {
  const rows = [
    row('chain-100', 'stagegraph-sqlite', { cpuUs: 50 }),
    row('chain-100', 'graph-sqlite', { cpuUs: 1_000 }),
  ]
  expect(verdict(rows, 'StateGraph + SqliteSaver')).toMatchObject({ value: 0.05, limit: 1 / 12 })
})

test('a target whose rows are not there has no value', () => {
  expect(verdict([row('chain-100', 'stagegraph-sqlite', { cpuUs: 50 })], 'Mastra')?.value).toBeUndefined()
})

test('disk is judged for our engine and for a graph on our saver', () => {
  const rows = [
    row('list-1000', 'stagegraph-sqlite', { bytes: 4 }),
    row('list-1000', 'graph-our-saver', { bytes: 8 }),
    row('list-1000', 'graph-sqlite', { bytes: 400 }),
  ]
  expect(verdict(rows, 'bytes, ours')?.value).toBe(0.01)
  expect(verdict(rows, 'bytes, hand-written on our saver')?.value).toBe(0.02)
})

test('resuming is judged by the ratio and by what each finished stage adds', () => {
  const rows = [
    row('resume-5000-after-1', 'stagegraph-sqlite', { cpuUs: 10_000 }, 5_000),
    row('resume-5000-after-4999', 'stagegraph-sqlite', { cpuUs: 59_980 }, 5_000),
  ]
  expect(verdict(rows, 'after 4999 ÷ after 1')).toMatchObject({ value: 5.998, limit: 2 })
  expect(verdict(rows, 'each finished stage')).toMatchObject({ value: 10, limit: 25 })
})
