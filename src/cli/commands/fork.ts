/** `stagegraph fork <thread> --at <place>`: a new run that begins with what another had recorded up to there. */
import { readFileSync } from 'node:fs'
import { resolve as resolvePath } from 'node:path'
import type { ForkPoint } from '../../execution/fork.ts'
import { InputError } from '../../foundation/errors.ts'
import type { Plan } from '../../foundation/plan.ts'
import { didYouMean } from '../../foundation/suggest.ts'
import { type AddCommand, collect, examples, jsonOption, storeOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import { rendererFor } from '../renderer-for.ts'
import type { Terminal } from '../terminal.ts'

interface ForkCommandOptions {
  readonly at: string
  readonly set: readonly string[]
  readonly thread?: string
  readonly store?: string
  readonly until?: string
  readonly json?: boolean
}

export const addFork: AddCommand = (program, cli) => {
  program
    .command('fork')
    .summary('start a new run from the middle of another')
    .description(
      'Starts a new run that begins with what another recorded up to a place in its history; what was not done there ' +
        'runs. The other run stays as it is, and so does what its stages did outside: nothing is undone.',
    )
    .argument('<thread>', "the other run's id")
    .requiredOption('--at <place>', 'after this stage ended, or a SEQ as history prints it')
    .option('--set <name=value>', 'a variable, for what runs in the fork; may be repeated', collect, [])
    .option('--thread <id>', 'the thread id of the new run; made up when absent')
    .addOption(storeOption())
    .option('--until <stage>', 'pause when this stage is done')
    .addOption(jsonOption('print one event a line as JSON'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph fork r_8f3k2m9x0abcd7ef --at collect', 'run what comes after a stage once more'],
        ['stagegraph fork nightly --at 12 --set tone=formal', 'from a SEQ, with another value of a variable'],
        ['stagegraph history r_8f3k2m9x0abcd7ef', 'the places to fork from'],
      ),
    )
    .action(async (thread: string, options: ForkCommandOptions) =>
      cli.finish(await fork(thread, options, cli.terminal)),
    )
}

async function fork(thread: string, options: ForkCommandOptions, terminal: Terminal): Promise<ExitCode> {
  const json = options.json ?? false
  const { openExisting } = await import('../open-engine.ts')
  const { follow } = await import('../start-run.ts')
  const { knownThread } = await import('../known-thread.ts')
  const { readVariables } = await import('../variables.ts')
  await using open = await openExisting(terminal, options.store)
  await knownThread(open.engine, thread)
  const plan = (await open.engine.plan(thread)) as Plan // stored before the run is
  const point = pointOf(options.at, plan)
  const set = readVariables(plan.vars, options.set, (path) => readFileSync(resolvePath(terminal.cwd, path), 'utf8'))
  const run = await open.engine.fork(thread, point, {
    set,
    ...(options.thread !== undefined && { threadId: options.thread }),
    ...(options.until !== undefined && { until: options.until }),
  })
  return await follow(run, open, { terminal, renderer: rendererFor(plan, terminal, json), json }, 0)
}

/** Ids of stages begin with a letter. */
function pointOf(at: string, { stages }: Plan): ForkPoint {
  if (/^\d+$/.test(at)) return { seq: Number(at) }
  const ids = stages.map(({ id }) => id)
  if (ids.includes(at)) return { stage: at }
  const message = `names no stage of this run, and is no SEQ of its history: "${at}"`
  throw new InputError('Nothing was run.', [{ name: '--at', message }], didYouMean(at, ids))
}
