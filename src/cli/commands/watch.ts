/** `stagegraph watch <thread>`: follows a run, wherever it runs, to its end. */

import type { Plan } from '../../foundation/plan.ts'
import type { AddCommand } from '../cli.ts'
import { examples, jsonOption, storeOption } from '../cli.ts'
import { type ExitCode, exitCodeOf } from '../exit-codes.ts'
import { nextSteps } from '../next-steps.ts'
import { endedOf, endingLines } from '../render/ending.ts'
import { rendererFor, wordsTo } from '../renderer-for.ts'
import { stopSignal } from '../stop-signal.ts'
import type { Terminal } from '../terminal.ts'

interface WatchOptions {
  readonly store?: string
  readonly json?: boolean
}

export const addWatch: AddCommand = (program, cli) => {
  program
    .command('watch')
    .summary('follow a run that goes on elsewhere')
    .description(
      'Shows a run from its beginning and follows it to its end, also when another process runs it. Ctrl-C ends the ' +
        'watching, not the run. The exit code is that of the run.',
    )
    .argument('<thread>', "the run's id")
    .addOption(storeOption())
    .addOption(jsonOption('print one event a line as JSON'))
    .addHelpText('after', examples(['stagegraph watch r_8f3k2m9x0abcd7ef', 'the live tree of a run']))
    .action(async (thread: string, options: WatchOptions) => cli.finish(await watch(thread, options, cli.terminal)))
}

async function watch(thread: string, options: WatchOptions, terminal: Terminal): Promise<ExitCode> {
  const json = options.json ?? false
  const { openExisting } = await import('../open-engine.ts')
  const { knownThread } = await import('../known-thread.ts')
  await using open = await openExisting(terminal, options.store)
  await knownThread(open.engine, thread)
  const renderer = rendererFor((await open.engine.plan(thread)) as Plan, terminal, json)
  const stop = stopSignal(terminal)
  try {
    for await (const event of open.engine.events(thread, { follow: true, signal: stop.signal })) renderer.event(event)
  } finally {
    renderer.end()
    stop.dispose()
  }
  if (stop.code !== 0) return stop.code
  const state = await knownThread(open.engine, thread)
  const ending = wordsTo(terminal, json)
  const next = nextSteps(thread, open.storePath, terminal.cwd)
  ending.write(`${endingLines(endedOf(state), next, ending.style).join('\n')}\n`)
  return exitCodeOf({ status: state.status, error: state.result?.error ?? null })
}
