/** `stagegraph retry <thread>`: runs what failed once more, or a stage and all that follows from it. */
import { readFileSync } from 'node:fs'
import { resolve as resolvePath } from 'node:path'
import type { Plan } from '../../foundation/plan.ts'
import { type AddCommand, collect, examples, jsonOption, storeOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import { rendererFor } from '../renderer-for.ts'
import type { Terminal } from '../terminal.ts'

interface RetryOptions {
  readonly from?: string
  readonly set: readonly string[]
  readonly store?: string
  readonly until?: string
  readonly migrate?: boolean
  readonly json?: boolean
}

export const addRetry: AddCommand = (program, cli) => {
  program
    .command('retry')
    .summary('run what failed once more, in the same run')
    .description(
      'Goes on with a run that has ended, or stands still: what did not come to a good end begins anew, with all that ' +
        'waits for it. What succeeded is not run again, unless --from names it or a stage before it. Nothing is undone.',
    )
    .argument('<thread>', "the run's id, as printed by run and runs")
    .option('--from <stage>', 'begin this stage anew, too, and all that wait for it')
    .option('--set <name=value>', 'a variable, for what runs from here on; may be repeated', collect, [])
    .addOption(storeOption())
    .option('--until <stage>', 'pause when this stage is done')
    .option('--migrate', 'go on although a source file named in `uses:` has changed')
    .addOption(jsonOption('print one event a line as JSON'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph retry r_8f3k2m9x0abcd7ef', 'run what failed, and what was skipped for it'],
        ['stagegraph retry nightly --from collect', 'from a stage on, whatever came of it'],
        ['stagegraph retry nightly --set tone=formal', 'with another value of a variable'],
      ),
    )
    .action(async (thread: string, options: RetryOptions) => cli.finish(await retry(thread, options, cli.terminal)))
}

async function retry(thread: string, options: RetryOptions, terminal: Terminal): Promise<ExitCode> {
  const json = options.json ?? false
  const { openExisting } = await import('../open-engine.ts')
  const { follow, lastSeq } = await import('../start-run.ts')
  const { knownThread } = await import('../known-thread.ts')
  const { readVariables } = await import('../variables.ts')
  await using open = await openExisting(terminal, options.store)
  await knownThread(open.engine, thread)
  const plan = (await open.engine.plan(thread)) as Plan // stored before the run is
  const set = readVariables(plan.vars, options.set, (path) => readFileSync(resolvePath(terminal.cwd, path), 'utf8'))
  const after = await lastSeq(open, thread)
  const run = await open.engine.resume(thread, {
    set,
    ...(options.from !== undefined && { from: options.from }),
    ...(options.until !== undefined && { until: options.until }),
    ...(options.migrate && { migrate: true }),
  })
  return await follow(run, open, { terminal, renderer: rendererFor(plan, terminal, json), json }, after)
}
