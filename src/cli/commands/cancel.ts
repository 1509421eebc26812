/** `stagegraph cancel <thread>`: ends a run, wherever it runs. */
import { type AddCommand, examples, storeOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import { nextSteps } from '../next-steps.ts'
import type { Terminal } from '../terminal.ts'

export const addCancel: AddCommand = (program, cli) => {
  program
    .command('cancel')
    .summary('end a run')
    .description(
      'Cancels a run: what runs is stopped, nothing more is started. Works from any process and on runs that nobody ' +
        'runs. A cancelled run cannot be resumed.',
    )
    .argument('<thread>', "the run's id")
    .addOption(storeOption())
    .addHelpText('after', examples(['stagegraph cancel r_8f3k2m9x0abcd7ef', 'end it']))
    .action(async (thread: string, { store }: { store?: string }) =>
      cli.finish(await cancel(thread, store, cli.terminal)),
    )
}

async function cancel(thread: string, store: string | undefined, terminal: Terminal): Promise<ExitCode> {
  const { openExisting } = await import('../open-engine.ts')
  const { knownThread } = await import('../known-thread.ts')
  await using open = await openExisting(terminal, store)
  await knownThread(open.engine, thread)
  await open.engine.cancel(thread)
  const { status } = await knownThread(open.engine, thread)
  const next = nextSteps(thread, open.storePath, terminal.cwd)
  terminal.out.write(
    status === 'cancelled'
      ? `${thread} is cancelled.\nlook at it: ${next.show}\n`
      : `${thread} is asked to stop; the process that runs it stops it within a second.\nfollow: ${next.watch}\n`,
  )
  return 0
}
