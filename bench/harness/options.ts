/** The command line of the benchmark. */
import { parseArgs } from 'node:util'
import type { Lowering, Mode } from './contract.ts'

export interface Options {
  readonly mode: Mode
  readonly lowering: Lowering
  /** Only cases whose id contains this. */
  readonly only: string
  /** Forget what an earlier, unfinished benchmark measured. */
  readonly fresh: boolean
  /** No new child process is started after this. Milliseconds. */
  readonly budgetMs: number
  /** Only print the table of what is measured already. */
  readonly table: boolean
  /** `case:rival`: instead of measuring, show where that one spends its time. */
  readonly profile: string | undefined
}

export const usage = `npm run bench -- [options]

  --quick              smaller sizes, fewer repetitions: within 10 minutes (without it: within 60)
  --lowering <name>    flow (default) or stages
  --only <text>        only cases whose id contains the text
  --fresh              forget what an unfinished benchmark has measured; otherwise it is gone on with
  --budget <minutes>   stop earlier or later; what is missing is measured by the next call
  --table              only print the table of what is measured already
  --profile <case:rival>   where the time goes, such as chain-100:stagegraph-sqlite`

export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      lowering: { type: 'string', default: 'flow' },
      only: { type: 'string', default: '' },
      fresh: { type: 'boolean', default: false },
      budget: { type: 'string' },
      table: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  })
  const minutes = Number(values.budget ?? (values.quick ? 9.5 : 58))
  if (!(minutes > 0)) throw new Error(`--budget: "${values.budget}" is no number of minutes.`)
  const { only, fresh, table, profile } = values
  return {
    mode: values.quick ? 'quick' : 'full',
    lowering: loweringOf(values.lowering),
    only,
    fresh,
    budgetMs: minutes * 60_000,
    table,
    profile,
  }
}

function loweringOf(text: string): Lowering {
  if (text === 'stages' || text === 'flow') return text
  throw new Error(`--lowering: there is no "${text}", only flow and stages.`)
}
