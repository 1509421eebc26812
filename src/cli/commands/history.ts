/** `stagegraph history <thread>`: what a run recorded, stage by stage. */
import type { HistoryEntry } from '../../execution/history.ts'
import { type AddCommand, examples, jsonOption, storeOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import { writeJson } from '../render/json.ts'
import { tableLines } from '../render/table.ts'
import { lineWidth, type Terminal } from '../terminal.ts'

interface HistoryOptions {
  readonly store?: string
  readonly json?: boolean
}

export const addHistory: AddCommand = (program, cli) => {
  program
    .command('history')
    .summary('list what a run recorded, stage by stage')
    .description('Lists the stages of a run in the order in which their ends were recorded, oldest first.')
    .argument('<thread>', "the run's id")
    .addOption(storeOption())
    .addOption(jsonOption('print one JSON document'))
    .addHelpText('after', examples(['stagegraph history r_8f3k2m9x0abcd7ef', 'what will not run again']))
    .action(async (thread: string, options: HistoryOptions) => cli.finish(await history(thread, options, cli.terminal)))
}

async function history(thread: string, options: HistoryOptions, terminal: Terminal): Promise<ExitCode> {
  const { openExisting } = await import('../open-engine.ts')
  const { knownThread } = await import('../known-thread.ts')
  await using open = await openExisting(terminal, options.store)
  await knownThread(open.engine, thread)
  const entries = await open.engine.history(thread)
  if (options.json) writeJson(terminal.out, { run: thread, history: entries })
  else terminal.out.write(`${historyLines(entries, lineWidth(terminal.out)).join('\n')}\n`)
  return 0
}

export function historyLines(entries: readonly HistoryEntry[], width: number): string[] {
  const rows = entries.map(({ seq, at, stage, status, attempts, set }) => {
    return [String(seq), at, stage, status, String(attempts), set.join(', ')]
  })
  return tableLines(['SEQ', 'AT', 'STAGE', 'STATUS', 'ATTEMPTS', 'SET'], rows, width)
}
