/** `stagegraph resume <thread>`: goes on with a run by its stored plan; `--all`: with all whose process died. */

import { resolve as resolvePath } from 'node:path'
import { InputError } from '../../foundation/errors.ts'
import { canonicalJson, type Json } from '../../foundation/json.ts'
import type { Plan } from '../../foundation/plan.ts'
import { readAnswers } from '../answers.ts'
import type { AddCommand } from '../cli.ts'
import { collect, examples, jsonOption, storeOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import { recoveryLines } from '../recovery-lines.ts'
import { writeJson } from '../render/json.ts'
import { rendererFor } from '../renderer-for.ts'
import { lineWidth, type Terminal } from '../terminal.ts'

interface ResumeOptions {
  readonly all?: boolean
  readonly store?: string
  readonly until?: string
  readonly migrate?: boolean
  readonly dryRun?: boolean
  readonly answer: readonly string[]
  readonly json?: boolean
}

export const addResume: AddCommand = (program, cli) => {
  program
    .command('resume')
    .summary('go on with a run that was paused, interrupted or killed')
    .description(
      'Goes on with a run where it stands. Stages that are done are not run again. The run keeps the plan it was ' +
        'started with, also when the file has changed since.',
    )
    .argument('[thread]', "the run's id, as printed by run and runs")
    .option('--all', 'go on with every run whose process died or stands still; prints one line for each')
    .addOption(storeOption())
    .option('--until <stage>', 'pause when this stage is done')
    .option('--answer <wait=answer>', 'answer a wait, as JSON or text; may be repeated', collect, [])
    .option('--migrate', 'go on although a source file named in `uses:` has changed')
    .option('--dry-run', 'print what would run again and what would not; run nothing')
    .addOption(jsonOption('print one event a line as JSON, or with --all one run'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph resume r_8f3k2m9x0abcd7ef', 'go on'],
        ['stagegraph resume nightly --until review', 'go on as far as a stage'],
        ['stagegraph resume nightly --dry-run', 'see what would run again'],
        ['stagegraph resume nightly --answer 0ca1b9a6…=yes', 'answer what it waits for (see show)'],
        ['stagegraph resume --all', 'after a reboot: 0 = all succeeded, else the code of the first that did not'],
      ),
    )
    .action(async (thread: string | undefined, options: ResumeOptions) =>
      cli.finish(await resumeChosen(thread, options, cli.terminal)),
    )
}

async function resumeChosen(thread: string | undefined, options: ResumeOptions, terminal: Terminal): Promise<ExitCode> {
  if (!options.all) {
    if (thread === undefined) throw misused('Name a thread, or use --all.')
    return options.dryRun ? dryRun(thread, options, terminal) : resume(thread, options, terminal)
  }
  if (thread !== undefined || options.until !== undefined || options.dryRun || changesRun(options)) {
    throw misused('--all takes no thread, no --until, no --answer, no --migrate and no --dry-run.')
  }
  const { openExisting } = await import('../open-engine.ts')
  const { resumeAll } = await import('../resume-all.ts')
  await using open = await openExisting(terminal, options.store)
  return await resumeAll(open, terminal, options.json ?? false)
}

const changesRun = ({ migrate, answer }: ResumeOptions): boolean => migrate === true || answer.length > 0

const misused = (message: string): InputError =>
  new InputError('Nothing was resumed.', [{ name: 'resume', message }], 'List what there is: stagegraph runs')

async function dryRun(thread: string, options: ResumeOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.until !== undefined || changesRun(options)) {
    throw misused('--dry-run takes no --until, no --answer and no --migrate.')
  }
  const { openExisting } = await import('../open-engine.ts')
  const { knownThread } = await import('../known-thread.ts')
  await using open = await openExisting(terminal, options.store)
  await knownThread(open.engine, thread)
  const stages = await open.engine.planRecovery(thread)
  if (options.json) writeJson(terminal.out, { type: 'dry_run', run: thread, stages })
  else terminal.out.write(`${recoveryLines(stages, lineWidth(terminal.out)).join('\n')}\n`)
  return 0
}

async function resume(thread: string, options: ResumeOptions, terminal: Terminal): Promise<ExitCode> {
  const json = options.json ?? false
  const answers = readAnswers(options.answer)
  const { openExisting } = await import('../open-engine.ts')
  const { follow, lastSeq } = await import('../start-run.ts')
  const { knownThread } = await import('../known-thread.ts')
  await using open = await openExisting(terminal, options.store)
  await knownThread(open.engine, thread)
  const plan = await open.engine.plan(thread)
  const note = plan && (await driftNote(plan))
  if (note) terminal.err.write(`${note}\n`)

  const after = await lastSeq(open, thread)
  const run = await open.engine.resume(thread, {
    ...(options.until !== undefined && { until: options.until }),
    ...(options.migrate && { migrate: true }),
    ...(Object.keys(answers).length > 0 && { answers }),
  })
  const renderer = rendererFor(plan as Plan, terminal, json)
  return await follow(run, open, { terminal, renderer, json }, renderer.wantsHistory ? 0 : after)
}

/** A sentence when the file is no longer what the run was started from. */
async function driftNote(plan: Plan): Promise<string | undefined> {
  const { file, directory } = plan.origin
  if (file === null) return undefined
  const { loadPipeline } = await import('../load-pipeline.ts')
  try {
    const now = loadPipeline(resolvePath(directory, file), process.cwd()).plan
    return now && samePipeline(now, plan)
      ? undefined
      : `note: ${file} has changed since this run was started; the run goes on with the plan it was started with.`
  } catch {
    return `note: ${file} can no longer be read; the run goes on with the plan it was started with.`
  }
}

/** The same but for the sources of functions, whose change is told by itself. */
const samePipeline = (a: Plan, b: Plan): boolean => {
  const content = ({ hash: _hash, origin: _origin, files: _files, ...rest }: Plan) =>
    canonicalJson(rest as unknown as Json)
  return a.hash === b.hash || content(a) === content(b)
}
