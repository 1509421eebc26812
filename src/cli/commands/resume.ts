/** `stagegraph resume <thread>`: goes on with a run by its stored plan; `--all`: with all whose process died. */

import { InputError } from '../../foundation/errors.ts'
import type { Plan } from '../../foundation/plan.ts'
import { readAnswers } from '../answers.ts'
import type { AddCommand } from '../cli.ts'
import { collect, examples, jsonOption, storeOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { OpenEngine } from '../open-engine.ts'
import { recoveryLines } from '../recovery-lines.ts'
import { writeJson } from '../render/json.ts'
import { rendererFor } from '../renderer-for.ts'
import { lineWidth, type Terminal } from '../terminal.ts'

interface ResumeOptions {
  readonly all?: boolean
  readonly store?: string
  readonly until?: string
  /** `true`: the file that the run was started from. */
  readonly migrate?: string | true
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
        'started with, also when the file has changed since, unless --migrate says otherwise: then what was edited runs ' +
        'again, with what did not come to a good end and all that waits for any of it.',
    )
    .argument('[thread]', "the run's id, as printed by run and runs")
    .option('--all', 'go on with every run whose process died or stands still; prints one line for each')
    .addOption(storeOption())
    .option('--until <stage>', 'pause when this stage is done')
    .option('--answer <wait=answer>', 'answer a wait, as JSON or text; may be repeated', collect, [])
    .option('--migrate [file]', 'go on by the pipeline as it is now, in its own file or another')
    .option('--dry-run', 'print what would run again and what would not; run nothing')
    .addOption(jsonOption('print one event a line as JSON, or with --all one run'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph resume r_8f3k2m9x0abcd7ef', 'go on'],
        ['stagegraph resume nightly --until review', 'go on as far as a stage'],
        ['stagegraph resume nightly --dry-run', 'see what would run again'],
        ['stagegraph resume nightly --migrate --dry-run', 'the same, with the file as it was edited'],
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

const changesRun = ({ migrate, answer }: ResumeOptions): boolean => migrate !== undefined || answer.length > 0

const misused = (message: string): InputError =>
  new InputError('Nothing was resumed.', [{ name: 'resume', message }], 'List what there is: stagegraph runs')

async function dryRun(thread: string, options: ResumeOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.until !== undefined || options.answer.length > 0) {
    throw misused('--dry-run takes no --until and no --answer.')
  }
  const { openExisting } = await import('../open-engine.ts')
  const { knownThread } = await import('../known-thread.ts')
  await using open = await openExisting(terminal, options.store)
  await knownThread(open.engine, thread)
  const migrate = await planToMigrateTo(open, thread, options, terminal)
  const stages = await open.engine.planRecovery(thread, migrate && { migrate })
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
  const { driftNotes } = await import('../drift.ts')
  await using open = await openExisting(terminal, options.store)
  await knownThread(open.engine, thread)
  const plan = await open.engine.plan(thread)
  const migrate = await planToMigrateTo(open, thread, options, terminal)
  for (const note of plan && !migrate ? driftNotes(plan, thread) : []) terminal.err.write(`${note}\n`)

  const after = await lastSeq(open, thread)
  const run = await open.engine.resume(thread, {
    ...(options.until !== undefined && { until: options.until }),
    ...(migrate && { migrate }),
    ...(Object.keys(answers).length > 0 && { answers }),
  })
  const renderer = rendererFor((migrate ?? plan) as Plan, terminal, json)
  return await follow(run, open, { terminal, renderer, json }, renderer.wantsHistory ? 0 : after)
}

async function planToMigrateTo(
  { engine }: OpenEngine,
  thread: string,
  { migrate }: ResumeOptions,
  terminal: Terminal,
): Promise<Plan | undefined> {
  if (migrate === undefined) return undefined
  const { fileOf, planFrom } = await import('../drift.ts')
  const plan = (await engine.plan(thread)) as Plan // stored before the run is
  const file = migrate === true ? fileOf(plan) : migrate
  if (file === undefined) throw misused('The run was started from no file: name one, --migrate <file>.')
  return planFrom(file, terminal)
}
