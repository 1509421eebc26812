/** From findings to rows: medians per unit, and whether the final states of a case's rivals are equal. */
import type { Case, Cell, Finding, Sample } from './contract.ts'
import type { Results } from './results.ts'
import { median } from './statistics.ts'

export interface Row {
  readonly one: Case
  readonly rival: string
  /** `differs`: it ended with another state than the others, so it has no times. */
  readonly state: 'measured' | 'partly' | 'missing' | 'failed' | 'differs'
  readonly failure?: string
  /** Medians, microseconds per unit. Absent unless measured, if only in part. */
  readonly cpuUs?: number
  readonly wallUs?: number
  readonly bytes?: number
  readonly memoryBytes?: number
  readonly heapBytes?: number
  readonly samples: number
}

/** A row for each cell, in order. The cells of one case stand together. */
export function summarize(cases: readonly (readonly Cell[])[], found: Results['cells']): readonly Row[] {
  return cases.flatMap((cells) => {
    const expected = expectedDigest(cells, found)
    return cells.map((cell) => rowOf(cell, found[cell.key], expected))
  })
}

/** The plain function's where there is one, else that of the first who has one. */
function expectedDigest(group: readonly Cell[], cells: Results['cells']): string | undefined {
  const digests = group.map(({ key }) => cells[key]?.rounds[0]?.digest)
  return digests[group.findIndex(({ rival }) => rival === 'function')] ?? digests.find((each) => each !== undefined)
}

function rowOf(
  { one, rival, rounds }: Cell,
  measured: Results['cells'][string] | undefined,
  expected: string | undefined,
): Row {
  const found = measured?.rounds ?? []
  const none = { one, rival, samples: 0 }
  if (measured?.failed !== undefined) return { ...none, state: 'failed', failure: measured.failed }
  if (found.length === 0) return { ...none, state: 'missing' }
  if (found.some(({ digest }) => digest !== expected)) return { ...none, state: 'differs' }
  return { one, rival, state: found.length < rounds ? 'partly' : 'measured', ...medians(one, found) }
}

function medians({ units }: Case, found: readonly Finding[]) {
  const samples = found.flatMap((each) => each.samples)
  const bytes = numbers(samples, 'bytes')
  const memory = numbers(samples, 'memoryBytes')
  const heap = numbers(samples, 'heapBytes')
  return {
    cpuUs: median(numbers(samples, 'cpuUs')) / units,
    wallUs: median(numbers(samples, 'wallUs')) / units,
    ...(bytes.length > 0 && { bytes: median(bytes) }),
    ...(memory.length > 0 && { memoryBytes: Math.max(...memory) }),
    ...(heap.length > 0 && { heapBytes: Math.max(...heap) }),
    samples: samples.length,
  }
}

const numbers = (samples: readonly Sample[], key: keyof Sample): number[] => samples.flatMap((each) => each[key] ?? [])
