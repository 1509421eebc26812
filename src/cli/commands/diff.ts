/** `stagegraph diff <thread> <other>`: where two runs differ. */
import type { Json } from '../../foundation/json.ts'
import { type AddCommand, examples, jsonOption, storeOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import { writeJson } from '../render/json.ts'
import { tableLines } from '../render/table.ts'
import { cutToWidth, safeLine } from '../render/text.ts'
import type { Difference } from '../run-diff.ts'
import { lineWidth, type Terminal } from '../terminal.ts'

interface DiffOptions {
  readonly store?: string
  readonly json?: boolean
}

export const addDiff: AddCommand = (program, cli) => {
  program
    .command('diff')
    .summary('list where two runs differ')
    .description(
      'Compares two runs: what they were given, how each stage ended and with what output, and what came out. Times ' +
        'are not compared.',
    )
    .argument('<thread>', "the one run's id")
    .argument('<other>', "the other run's id")
    .addOption(storeOption())
    .addOption(jsonOption('print one JSON document'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph diff r_8f3k2m9x0abcd7ef r_19d0c2m4tkxw66ab', 'a run and its fork'],
        ["stagegraph diff monday tuesday --json | jq -r '.differences[].at'", 'for programs'],
      ),
    )
    .action(async (thread: string, other: string, options: DiffOptions) =>
      cli.finish(await diff([thread, other], options, cli.terminal)),
    )
}

async function diff([one, other]: [string, string], options: DiffOptions, terminal: Terminal): Promise<ExitCode> {
  const { openExisting } = await import('../open-engine.ts')
  const { knownThread } = await import('../known-thread.ts')
  const { diffRuns } = await import('../run-diff.ts')
  await using open = await openExisting(terminal, options.store)
  const differences = diffRuns(await knownThread(open.engine, one), await knownThread(open.engine, other))
  if (options.json) writeJson(terminal.out, { runs: [one, other], differences })
  else terminal.out.write(`${diffLines([one, other], differences, lineWidth(terminal.out)).join('\n')}\n`)
  return 0
}

/** Rows that people are shown. */
const mostRows = 200
/** Columns of the longest path that is shown whole. */
const pathColumns = 40

/** A line for each difference; both values get the same room. */
export function diffLines(
  [one, other]: readonly [string, string],
  differences: readonly Difference[],
  width: number,
): string[] {
  if (differences.length === 0) return [`${one} and ${other} do not differ.`]
  const shown = differences.slice(0, mostRows)
  const paths = shown.map(({ at }) => cutToWidth(safeLine(at), pathColumns))
  const room = Math.max(8, Math.floor((width - Math.max(5, ...paths.map(({ length }) => length)) - 4) / 2))
  const cell = (value: Json | undefined) =>
    cutToWidth(value === undefined ? '–' : safeLine(JSON.stringify(value)), room)
  const rows = shown.map(({ before, after }, index) => [paths[index] ?? '', cell(before), cell(after)])
  const more = differences.length - shown.length
  return [
    ...tableLines(['WHERE', cutToWidth(one, room), cutToWidth(other, room)], rows, width),
    ...(more > 0 ? [`… and ${more} more: --json has them all`] : []),
  ]
}
