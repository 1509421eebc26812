/** What is to be measured: a cell for each rival of each case, with the rounds it gets. */
import { workloads } from '../workloads/index.ts'
import type { Case, Cell, Lowering, Mode } from './contract.ts'

const roundsOf: Readonly<Record<Mode, number>> = { quick: 1, full: 3 }

/** The cells of each case, in the order in which they are measured. */
export function cellsOf(mode: Mode, lowering: Lowering, only: string): readonly (readonly Cell[])[] {
  return workloads
    .flatMap(({ cases }) => cases)
    .filter(({ id, modes }) => modes.includes(mode) && id.includes(only))
    .map((one) =>
      one.rivals.filter((rival) => wanted(one, rival, mode, lowering)).map((rival) => cell(one, rival, mode)),
    )
}

function wanted(one: Case, rival: string, mode: Mode, lowering: Lowering): boolean {
  const { fullOnly = [], fullOnlyOnStages = [] } = one
  if (mode === 'full') return true
  return !fullOnly.includes(rival) && !(lowering === 'stages' && fullOnlyOnStages.includes(rival))
}

function cell(one: Case, rival: string, mode: Mode): Cell {
  const once = one.once?.includes(rival) ?? false
  const rounds = once ? 1 : Math.max(roundsOf[mode], one.rounds ?? 1)
  return { key: `${one.id}/${rival}`, one, rival, rounds, samples: once ? 1 : one.samples }
}
