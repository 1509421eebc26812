/** `stagegraph run <file>`: compile, complete the inputs, run, show. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { InputError } from '../../foundation/errors.ts'
import type { JsonObject } from '../../foundation/json.ts'
import type { Plan } from '../../foundation/plan.ts'
import { didYouMean } from '../../foundation/suggest.ts'
import { type AddCommand, type Cli, collect, examples, jsonOption, storeOption } from '../cli.ts'
import { type DryRun, dryRunLines } from '../dry-run.ts'
import type { ExitCode } from '../exit-codes.ts'
import { defaultStorePath } from '../project-root.ts'
import { writeJson } from '../render/json.ts'
import { rendererFor, wordsTo } from '../renderer-for.ts'
import type { Terminal } from '../terminal.ts'

interface RunOptions {
  readonly input?: readonly string[]
  readonly inputFile?: string
  readonly thread?: string
  readonly store?: string
  readonly dryRun?: boolean
  readonly until?: string
  readonly by?: string
  readonly json?: boolean
}

export const addRun: AddCommand = (program: Command, cli: Cli) => {
  program
    .command('run')
    .summary('run a pipeline')
    .description(
      'Compiles a pipeline and runs it. Missing inputs are asked for on a terminal. Relative paths in the pipeline start ' +
        'at its file. Ctrl-C pauses the run: nothing more is started and what runs is finished; a second one cancels it.',
    )
    .argument('<file>', 'the pipeline, a YAML file')
    .option('-i, --input <name=value>', 'an input; its schema says how it is read; name=@file reads a file', collect)
    .option('--input-file <file>', 'inputs as a JSON object; "-" reads standard input')
    .option('--thread <id>', 'the thread id; an interrupted run with the same inputs is taken up again')
    .addOption(storeOption())
    .option('--until <stage>', 'pause when this stage is done')
    .option('--by <who>', 'who starts it, for approvals that this one may not give')
    .option('--dry-run', 'check everything and print what would be done; run nothing')
    .addOption(jsonOption('print one event a line as JSON'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph run report.yaml -i topic=tea -i depth=2', 'give inputs'],
        ['stagegraph run report.yaml --input-file inputs.json', 'from a file'],
        ['stagegraph run report.yaml -i text=@draft.md', 'one input from a file'],
        ['stagegraph run report.yaml --dry-run', 'see what it would do'],
        ['stagegraph run report.yaml --json | jq .type', 'events for programs'],
      ),
    )
    .action(async (file: string, options: RunOptions) => cli.finish(await run(file, options, cli.terminal)))
}

async function run(file: string, options: RunOptions, terminal: Terminal): Promise<ExitCode> {
  const json = options.json ?? false
  const plan = await compiled(file, terminal, json)
  if (!plan) return 2
  checkUntil(plan, options.until)
  const inputs = await completeInputs(plan, options, terminal)
  if (options.dryRun) return dryRun({ plan, inputs, until: options.until }, terminal, json)

  const storePath = options.store
    ? resolve(terminal.cwd, options.store)
    : defaultStorePath(dirname(resolve(terminal.cwd, file)))
  const { startRun } = await import('../start-run.ts')
  return startRun(plan, inputs, {
    terminal,
    storePath,
    json,
    threadId: options.thread,
    until: options.until,
    by: options.by,
    renderer: rendererFor(plan, terminal, json),
  })
}

/** The plan, or undefined when there are errors. Diagnostics are said either way. */
async function compiled(file: string, terminal: Terminal, json: boolean): Promise<Plan | undefined> {
  const { loadPipeline, formatDiagnostics, countDiagnostics } = await import('../load-pipeline.ts')
  const loaded = loadPipeline(file, terminal.cwd)
  if (loaded.diagnostics.length > 0) terminal.err.write(`${formatDiagnostics(loaded)}\n\n`)
  if (loaded.plan) return loaded.plan
  const message = `${file} does not compile: ${countDiagnostics(loaded.diagnostics)}.`
  terminal.err.write(`${message} Nothing was run.\n`)
  const { diagnostics } = loaded
  if (json) writeJson(terminal.out, { type: 'error', error: { code: 'invalid_pipeline', message, diagnostics } })
  return undefined
}

async function completeInputs(plan: Plan, options: RunOptions, terminal: Terminal): Promise<JsonObject> {
  const { readInputs, missingInputs, missingRefusal } = await import('../inputs.ts')
  const { createInputCheck } = await import('../check-value.ts')
  const check = createInputCheck()
  const readFile = (path: string) => readFileSync(resolve(terminal.cwd, path), 'utf8')
  const file = options.inputFile === undefined ? undefined : await inputFile(options.inputFile, terminal, readFile)
  const sources = { assignments: options.input ?? [], ...(file !== undefined && { file }) }
  const given = readInputs(plan.inputs, sources, readFile, check)
  const missing = missingInputs(plan.inputs, given)
  if (missing.length === 0) return given
  if (!terminal.isInteractive || options.json || options.inputFile === '-') throw missingRefusal(plan.inputs, missing)
  const { askInputs } = await import('../prompts.ts')
  const answers = await askInputs(plan.inputs, missing, terminal, check)
  if (!answers) throw missingRefusal(plan.inputs, missing)
  return { ...given, ...answers }
}

async function inputFile(path: string, terminal: Terminal, readFile: (path: string) => string): Promise<string> {
  try {
    return path === '-' ? await terminal.readInput() : readFile(path)
  } catch (error) {
    const message = `could not be read from "${path}": ${(error as Error).message}`
    throw new InputError('The inputs cannot be read; nothing was run.', [{ name: '--input-file', message }])
  }
}

function checkUntil(plan: Plan, until: string | undefined): void {
  const ids = plan.stages.map(({ id }) => id)
  if (until === undefined || ids.includes(until)) return
  const message = `names no stage of this pipeline: "${until}"`
  throw new InputError('Nothing was run.', [{ name: '--until', message }], didYouMean(until, ids))
}

/** Inputs, environment and secrets are looked at as for a run. */
async function dryRun(asked: DryRun, terminal: Terminal, json: boolean): Promise<ExitCode> {
  const { prepareInputs } = await import('../../execution/inputs.ts')
  const { createValidators } = await import('../../foundation/schema.ts')
  const { env, out } = terminal
  prepareInputs(asked.plan, asked.inputs, { validators: createValidators(), env, secret: (name) => env[name] })
  if (json) writeJson(out, { type: 'dry_run', plan: asked.plan, inputs: asked.inputs })
  wordsTo(terminal, json).write(`${dryRunLines(asked, out.style).join('\n')}\n`)
  return 0
}
