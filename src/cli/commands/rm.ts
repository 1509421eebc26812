/** `stagegraph rm <thread>`: removes a run and all it left in the store. */
import { type AddCommand, examples, storeOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'

export const addRm: AddCommand = (program, cli) => {
  program
    .command('rm')
    .summary('remove a run')
    .description('Removes a run with its events and checkpoints. A run that goes on is not removed: cancel it first.')
    .argument('<thread>', "the run's id")
    .addOption(storeOption())
    .addHelpText('after', examples(['stagegraph rm r_8f3k2m9x0abcd7ef', 'forget it']))
    .action(async (thread: string, { store }: { store?: string }) => cli.finish(await rm(thread, store, cli.terminal)))
}

async function rm(thread: string, store: string | undefined, terminal: Terminal): Promise<ExitCode> {
  const { openExisting } = await import('../open-engine.ts')
  const { knownThread } = await import('../known-thread.ts')
  await using open = await openExisting(terminal, store)
  await knownThread(open.engine, thread)
  await open.engine.delete(thread)
  terminal.out.write(`${thread} is removed.\n`)
  return 0
}
