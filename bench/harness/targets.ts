/** The targets of issue 3 ("It is done when" 4 to 8) and of issue 2 (compile), and how each is read off the rows. */
import { criticalPathMs } from '../workloads/diamond-waits.ts'
import type { Row } from './summary.ts'

/** A figure beside its limit. `value` is absent when its rows are not measured. */
export interface Verdict {
  readonly caseId: string
  readonly says: string
  readonly value: number | undefined
  readonly limit: number
  readonly show: 'ratio' | 'bytes' | 'microseconds'
}

type Find = (caseId: string, rival: string) => Row | undefined
type Metric = 'cpuUs' | 'wallUs' | 'bytes'

const ours = 'stagegraph-sqlite'
const official = 'graph-sqlite'
const savers: Readonly<Record<string, string>> = { [ours]: 'ours', 'graph-our-saver': 'hand-written on our saver' }

/** All of them, in the order of the issue. */
export function verdicts(rows: readonly Row[]): readonly Verdict[] {
  const find: Find = (caseId, rival) => rows.find((row) => row.one.id === caseId && row.rival === rival)
  return [...chains(find), ...diamonds(find), ...disk(find), ...fanOut(find), ...resume(find, rows), ...compile(find)]
}

function chains(find: Find): Verdict[] {
  const against = (size: number, rival: string, name: string, limit: number): Verdict => ({
    caseId: `chain-${size}`,
    says: `4: CPU a stage ÷ ${name}`,
    value: over(find(`chain-${size}`, ours), find(`chain-${size}`, rival), 'cpuUs'),
    limit,
    show: 'ratio',
  })
  return [
    against(100, official, 'StateGraph + SqliteSaver', 1 / 12),
    against(100, 'graph-memory', 'StateGraph + MemorySaver', 1 / 10),
    against(100, 'mastra', 'Mastra', 1.3),
    against(1_000, official, 'StateGraph + SqliteSaver', 1 / 80),
    against(1_000, 'mastra', 'Mastra', 1 / 3),
    {
      caseId: 'chain-5000',
      says: '4: CPU a stage, 5,000 ÷ 100 stages',
      value: over(find('chain-5000', ours), find('chain-100', ours), 'cpuUs'),
      limit: 1.3,
      show: 'ratio',
    },
  ]
}

function diamonds(find: Find): Verdict[] {
  const wall = find('diamonds', ours)?.wallUs
  return [
    {
      caseId: 'diamonds',
      says: `5: wall ÷ critical path (${criticalPathMs} ms)`,
      value: wall === undefined ? undefined : wall / (criticalPathMs * 1_000),
      limit: 1.1,
      show: 'ratio',
    },
  ]
}

function disk(find: Find): Verdict[] {
  const less = (caseId: string, times: number): Verdict[] =>
    Object.entries(savers).map(([rival, name]) => ({
      caseId,
      says: `6: bytes, ${name} ÷ official SqliteSaver`,
      value: over(find(caseId, rival), find(caseId, official), 'bytes'),
      limit: 1 / times,
      show: 'ratio',
    }))
  return [
    ...less('list-1000', 50),
    ...less('outputs-100', 30),
    ...doublings(find),
    ...Object.entries(savers).map(([rival, name]): Verdict => {
      const [one, fifty] = [find('carried-1', rival)?.bytes, find('carried-50', rival)?.bytes]
      const value = one === undefined || fifty === undefined ? undefined : fifty - one
      return {
        caseId: 'carried-50',
        says: `6: bytes that stages 2 to 50 add, ${name}`,
        value,
        limit: 100_000,
        show: 'bytes',
      }
    }),
  ]
}

const doubled = [
  ['list-500', 'list-1000'],
  ['list-1000', 'list-2000'],
  ['outputs-100', 'outputs-200'],
  ['carried-50', 'carried-100'],
  ['chain-1000', 'chain-2000'],
] as const

/** Doublings whose sizes this benchmark does not measure are left out. */
function doublings(find: Find): Verdict[] {
  return doubled.flatMap(([half, whole]) => {
    if (!find(half, ours) || !find(whole, ours)) return []
    return Object.entries(savers).map(
      ([rival, name]): Verdict => ({
        caseId: whole,
        says: `6: bytes, ${whole} ÷ ${half}, ${name}`,
        value: over(find(whole, rival), find(half, rival), 'bytes'),
        limit: 2.3,
        show: 'ratio',
      }),
    )
  })
}

function fanOut(find: Find): Verdict[] {
  const large = find('fan-10000', ours)
  const list = 10_000 * 8
  return [
    {
      caseId: 'fan-10000',
      says: '7: CPU an item ÷ Send',
      value: over(large, find('fan-10000', 'graph'), 'cpuUs'),
      limit: 1 / 80,
      show: 'ratio',
    },
    {
      caseId: 'fan-10000',
      says: '7: CPU an item, 10,000 ÷ 100 items',
      value: over(large, find('fan-100', ours), 'cpuUs'),
      limit: 1.3,
      show: 'ratio',
    },
    {
      caseId: 'fan-10000',
      says: '7: heap above the result list',
      value: large?.heapBytes === undefined ? undefined : large.heapBytes - list,
      limit: 20_000_000,
      show: 'bytes',
    },
  ]
}

/** Met by either of two: at most twice the time, or at most 25 µs for each finished stage. */
function resume(find: Find, rows: readonly Row[]): Verdict[] {
  const size = Math.max(0, ...rows.flatMap(({ one }) => (one.id.startsWith('resume-') ? one.size : [])))
  const late = find(`resume-${size}-after-${size - 1}`, ours)
  const early = find(`resume-${size}-after-1`, ours)
  if (!late || !early) return []
  const perStage =
    late.cpuUs === undefined || early.cpuUs === undefined ? undefined : (late.cpuUs - early.cpuUs) / (size - 2)
  const caseId = late.one.id
  return [
    {
      caseId,
      says: `8: CPU, after ${size - 1} ÷ after 1 (or the next line)`,
      value: over(late, early, 'cpuUs'),
      limit: 2,
      show: 'ratio',
    },
    {
      caseId,
      says: '8: CPU for each finished stage (or the line above)',
      value: perStage,
      limit: 25,
      show: 'microseconds',
    },
  ]
}

const compile = (find: Find): Verdict[] => [
  {
    caseId: 'compile-1000',
    says: 'issue 2: CPU ÷ parseDocument',
    value: over(find('compile-1000', 'compile'), find('compile-1000', 'yaml'), 'cpuUs'),
    limit: 4,
    show: 'ratio',
  },
]

function over(one: Row | undefined, other: Row | undefined, metric: Metric): number | undefined {
  const [above, below] = [one?.[metric], other?.[metric]]
  return above === undefined || below === undefined ? undefined : above / below
}
