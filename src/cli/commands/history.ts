/** `stagegraph history <thread>`: the checkpoints of a run. */
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
    .summary('list the checkpoints of a run')
    .description('Lists the LangGraph checkpoints of a run, oldest first, with the stages that had ended by each.')
    .argument('<thread>', "the run's id")
    .addOption(storeOption())
    .addOption(jsonOption('print one JSON document'))
    .addHelpText('after', examples(['stagegraph history r_8f3k2m9x0abcd7ef', 'where it could be resumed from']))
    .action(async (thread: string, options: HistoryOptions) => cli.finish(await history(thread, options, cli.terminal)))
}

async function history(thread: string, options: HistoryOptions, terminal: Terminal): Promise<ExitCode> {
  const { openExisting } = await import('../open-engine.ts')
  const { knownThread } = await import('../known-thread.ts')
  await using open = await openExisting(terminal, options.store)
  await knownThread(open.engine, thread)
  const entries = (await open.engine.history(thread)).toReversed()
  if (options.json) writeJson(terminal.out, { run: thread, checkpoints: entries })
  else terminal.out.write(`${historyLines(entries, lineWidth(terminal.out)).join('\n')}\n`)
  return 0
}

/** Each line names only the stages that ended since the one above. */
export function historyLines(entries: readonly HistoryEntry[], width: number): string[] {
  const rows = entries.map((entry, at) => {
    const before = new Set(entries[at - 1]?.stages ?? [])
    const ended = entry.stages.filter((stage) => !before.has(stage))
    return [String(entry.step), entry.at, entry.checkpoint_id, entry.source, ended.join(', ')]
  })
  return tableLines(['STEP', 'AT', 'CHECKPOINT', 'SOURCE', 'ENDED'], rows, width)
}
