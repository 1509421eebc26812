/** `stagegraph logs <thread>`: what the stages of a run said and printed. */

import { InputError } from '../../foundation/errors.ts'
import type { RunEvent } from '../../foundation/events.ts'
import { didYouMean } from '../../foundation/suggest.ts'
import type { AddCommand } from '../cli.ts'
import { examples, jsonOption, storeOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import { createJsonRenderer } from '../render/json.ts'
import { createPlainRenderer } from '../render/plain.ts'
import { stopSignal } from '../stop-signal.ts'
import type { Terminal } from '../terminal.ts'

interface LogsOptions {
  readonly follow?: boolean
  readonly stage?: string
  readonly store?: string
  readonly json?: boolean
}

export const addLogs: AddCommand = (program, cli) => {
  program
    .command('logs')
    .summary('print what the stages of a run said')
    .description('Prints the output of commands, messages, failed attempts and failures of a run.')
    .argument('<thread>', "the run's id")
    .option('-f, --follow', 'go on printing until the run ends')
    .option('--stage <id>', 'only of this stage')
    .addOption(storeOption())
    .addOption(jsonOption('print one event a line as JSON'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph logs r_8f3k2m9x0abcd7ef --stage build', 'why did it fail?'],
        ['stagegraph logs r_8f3k2m9x0abcd7ef -f', 'as it happens'],
      ),
    )
    .action(async (thread: string, options: LogsOptions) => cli.finish(await logs(thread, options, cli.terminal)))
}

async function logs(thread: string, options: LogsOptions, terminal: Terminal): Promise<ExitCode> {
  const { openExisting } = await import('../open-engine.ts')
  const { knownThread } = await import('../known-thread.ts')
  await using open = await openExisting(terminal, options.store)
  const { stages } = await knownThread(open.engine, thread)
  checkStage(
    options.stage,
    stages.map(({ id }) => id),
  )

  const renderer = options.json ? createJsonRenderer(terminal) : createPlainRenderer(terminal)
  const stop = stopSignal(terminal)
  try {
    const follow = options.follow ?? false
    for await (const event of open.engine.events(thread, { follow, signal: stop.signal })) {
      if (isLog(event) && (options.stage === undefined || event.stage === options.stage)) renderer.event(event)
      if (terminal.out.closed.aborted) break
    }
    renderer.end()
    return stop.code
  } finally {
    stop.dispose()
  }
}

type StageEvent = Extract<RunEvent, { stage: string }>

const logTypes: ReadonlySet<RunEvent['type']> = new Set([
  'stage.output',
  'stage.logged',
  'stage.retrying',
  'stage.failed',
  'stage.cancelled',
])

const isLog = (event: RunEvent): event is StageEvent => logTypes.has(event.type)

function checkStage(stage: string | undefined, ids: readonly string[]): void {
  if (stage === undefined || ids.includes(stage)) return
  const problem = { name: '--stage', message: `names no stage of this run: "${stage}"` }
  throw new InputError('There are no such logs.', [problem], didYouMean(stage, ids) ?? `Its stages: ${ids.join(', ')}`)
}
