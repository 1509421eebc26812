/** `stagegraph show <thread>`: a run as it stands. */
import type { AddCommand } from '../cli.ts'
import { examples, jsonOption, storeOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import { nextSteps } from '../next-steps.ts'
import { writeJson } from '../render/json.ts'
import { stateLines } from '../render/state.ts'
import { lineWidth, type Terminal } from '../terminal.ts'

interface ShowOptions {
  readonly store?: string
  readonly json?: boolean
}

export const addShow: AddCommand = (program, cli) => {
  program
    .command('show')
    .summary('show a run: its stages, inputs and outputs')
    .description('Prints how far a run is, how each stage ended, its inputs and its outputs.')
    .argument('<thread>', "the run's id")
    .addOption(storeOption())
    .addOption(jsonOption('print one JSON document'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph show r_8f3k2m9x0abcd7ef', 'for people'],
        ["stagegraph show r_8f3k2m9x0abcd7ef --json | jq '.result.outputs'", 'for programs'],
      ),
    )
    .action(async (thread: string, options: ShowOptions) => cli.finish(await show(thread, options, cli.terminal)))
}

async function show(thread: string, options: ShowOptions, terminal: Terminal): Promise<ExitCode> {
  const { openExisting } = await import('../open-engine.ts')
  const { knownThread } = await import('../known-thread.ts')
  await using open = await openExisting(terminal, options.store)
  const state = await knownThread(open.engine, thread)
  const { out } = terminal
  const next = nextSteps(thread, open.storePath, terminal.cwd)
  if (options.json) writeJson(out, state)
  else out.write(`${stateLines(state, next, { style: out.style, width: lineWidth(out) }).join('\n')}\n`)
  return 0
}
