/** `stagegraph pending [thread]`: what runs wait for. */
import type { PendingWait } from '../../execution/engine-waits.ts'
import { nextDue } from '../../foundation/wait.ts'
import { type AddCommand, examples, jsonOption, storeOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import { nextSteps } from '../next-steps.ts'
import { writeJson } from '../render/json.ts'
import { tableLines } from '../render/table.ts'
import { messageOf, waitLines } from '../render/waits.ts'
import { lineWidth, type Terminal } from '../terminal.ts'

interface PendingOptions {
  readonly store?: string
  readonly json?: boolean
}

export const addPending: AddCommand = (program, cli) => {
  program
    .command('pending')
    .summary('list what runs wait for')
    .description(
      'Lists what runs wait for, those first of which something is due first. With a run: how to go on with it.',
    )
    .argument('[thread]', 'only of this run: its id')
    .addOption(storeOption())
    .addOption(jsonOption('print one JSON document'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph pending', 'everything that is open'],
        ['stagegraph pending r_8f3k2m9x0abcd7ef', 'what a run waits for, and the commands to answer it'],
      ),
    )
    .action(async (thread: string | undefined, options: PendingOptions) =>
      cli.finish(await pending(thread, options, cli.terminal)),
    )
}

async function pending(thread: string | undefined, options: PendingOptions, terminal: Terminal): Promise<ExitCode> {
  const { openExisting } = await import('../open-engine.ts')
  const { knownThread } = await import('../known-thread.ts')
  await using open = await openExisting(terminal, options.store)
  if (thread !== undefined) await knownThread(open.engine, thread)
  const waits = await open.engine.pending(thread)
  const { out } = terminal
  if (options.json) writeJson(out, { waits })
  else if (waits.length === 0) out.write(thread === undefined ? 'No run waits.\n' : `${thread} waits for nothing.\n`)
  else if (thread === undefined) out.write(`${tableOf(waits, lineWidth(out)).join('\n')}\n`)
  else {
    const next = nextSteps(thread, open.storePath, terminal.cwd)
    out.write(`${waits.flatMap((wait) => waitLines(wait, next)).join('\n')}\n`)
  }
  return 0
}

const tableOf = (waits: readonly PendingWait[], width: number): string[] =>
  tableLines(
    ['RUN', 'PIPELINE', 'STAGE', 'KIND', 'NEXT', 'WAITS FOR'],
    waits.map((wait) => [
      wait.thread,
      wait.pipeline,
      wait.stage,
      wait.kind ?? '',
      timeOf(nextDue(wait)),
      messageOf(wait.value),
    ]),
    width,
  )

const timeOf = (ms: number | undefined): string =>
  ms === undefined ? '' : `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`
