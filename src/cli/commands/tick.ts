/** `stagegraph tick`: goes on with every run of whose waits something is due. */
import { type AddCommand, collect, examples, jsonOption, storeOption } from '../cli.ts'
import { type ExitCode, interrupted } from '../exit-codes.ts'
import type { OpenEngine } from '../open-engine.ts'
import type { Terminal } from '../terminal.ts'

interface TickOptions {
  readonly watch?: boolean
  readonly pipeline: readonly string[]
  readonly store?: string
  readonly json?: boolean
}

/** How often --watch looks. Milliseconds. */
const lookEveryMs = 1_000

export const addTick: AddCommand = (program, cli) => {
  program
    .command('tick')
    .summary('go on with every run of whose waits something is due')
    .description(
      'Goes on with every run whose wait is over: a deadline or a time has come, or an answer or an event that nobody ' +
        'took up. A waiting run needs no process; this, once a minute or with --watch, is what wakes it.',
    )
    .option('--watch', 'go on looking until Ctrl-C')
    .option('--pipeline <file>', 'a pipeline whose triggers may start runs; may be repeated', collect, [])
    .addOption(storeOption())
    .addOption(jsonOption('print one line of JSON for each run'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph tick', 'once, for a cron job; prints a line for each run'],
        ['stagegraph tick --watch', 'for as long as it is not interrupted'],
      ),
    )
    .action(async (options: TickOptions) => cli.finish(await tick(options, cli.terminal)))
}

async function tick(
  { watch = false, store, pipeline, json = false }: TickOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { loadPipelines, openExisting } = await import('../open-engine.ts')
  const { runOut } = await import('../run-out.ts')
  await using open = await openExisting(terminal, store, loadPipelines(pipeline, terminal.cwd))
  if (watch) return await keepLooking(open, terminal, json)
  const due = await open.engine.tick()
  if (due.length === 0 && !json) terminal.err.write('Nothing is due.\n')
  await runOut(due, open, terminal, json)
  return 0
}

/** Runs go on side by side; Ctrl-C pauses them. */
async function keepLooking(open: OpenEngine, terminal: Terminal, json: boolean): Promise<ExitCode> {
  const { runOut } = await import('../run-out.ts')
  const over = new AbortController()
  const stop = terminal.onInterrupt(() => over.abort('interrupted'))
  const under = new Set<Promise<unknown>>()
  try {
    while (!over.signal.aborted) {
      const going = runOut(await open.engine.tick(), open, terminal, json)
      under.add(going)
      void going.finally(() => under.delete(going))
      await terminal.clock.sleep(lookEveryMs, over.signal).catch(ignore)
    }
    await open.engine.close() // pauses what runs
    await Promise.all(under)
    return interrupted
  } finally {
    stop()
  }
}

const ignore = (): void => undefined
