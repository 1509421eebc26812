/** Measures what is missing, cell by cell: the rivals of a case take turns, round after round. */
import { cellsOf } from './cells.ts'
import type { Cell } from './contract.ts'
import type { Options } from './options.ts'
import { type Measured, type Results, writeResults } from './results.ts'
import { runChild } from './run-child.ts'

interface Place {
  readonly file: string
  readonly snapshot: string
}

/** Goes on until all is measured or the time is up. Returns what there is then. */
export async function measureMissing(results: Results, options: Options, { file, snapshot }: Place): Promise<Results> {
  const deadline = performance.now() + options.budgetMs
  const { lowering } = results.settings
  let cells = results.cells
  for (const cell of turns(cellsOf(options.mode, lowering, options.only), cells)) {
    const limitMs = deadline - performance.now()
    if (limitMs < 5_000) break
    process.stderr.write(`${clock(options.budgetMs - limitMs)}  ${cell.key}\n`)
    const { one, rival, samples } = cell
    const answer = await runChild({ caseId: one.id, rival, lowering, samples, snapshot, limitMs })
    if ('failed' in answer && answer.failed === 'timeout') break // the time is up; the next call has it whole
    const before = cells[cell.key]?.rounds ?? []
    const measured: Measured =
      'failed' in answer ? { rounds: before, failed: answer.failed } : { rounds: [...before, answer.finding] }
    cells = { ...cells, [cell.key]: measured }
    writeResults(file, { ...results, cells })
  }
  return { ...results, cells }
}

/** Every measurement that is missing, in order. */
function turns(cases: readonly (readonly Cell[])[], done: Results['cells']): Cell[] {
  return cases.flatMap((cells) => {
    const most = Math.max(...cells.map(({ rounds }) => rounds))
    return Array.from({ length: most }, (_, round) =>
      cells.filter(({ key, rounds }) => round < rounds && round >= (done[key]?.rounds.length ?? 0)),
    ).flat()
  })
}

const clock = (ms: number): string =>
  `${Math.floor(ms / 60_000)}:${String(Math.floor((ms % 60_000) / 1_000)).padStart(2, '0')}`
