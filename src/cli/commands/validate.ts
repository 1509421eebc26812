/**
 * `stagegraph validate <files…>`: compile and say everything that is wrong, run nothing.
 *
 * `--json` prints one document:
 *
 *     { "v": 1, "valid": false,
 *       "files": [{ "file": "a.yaml", "valid": false, "name": null, "plan": null,
 *                   "diagnostics": [{ "code", "severity", "message", "span": { "file", "start", "end" }, "hint"?, "related"? }] }] }
 *
 * `name` and `plan` (the plan's hash) are null when the file has errors. Positions are 1-based lines and columns.
 */
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import { StagegraphError } from '../../foundation/errors.ts'
import { type AddCommand, examples, jsonOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { LoadedPipeline } from '../load-pipeline.ts'
import { writeJson } from '../render/json.ts'
import { describeError } from '../say-error.ts'
import type { Terminal } from '../terminal.ts'

interface ValidateOptions {
  readonly json?: boolean
  readonly strict?: boolean
}

export const addValidate: AddCommand = (program, cli) => {
  program
    .command('validate')
    .summary('check pipelines without running them')
    .description('Compiles pipelines and prints everything that is wrong, with its place and a fix. Nothing is run.')
    .argument('<files...>', 'pipelines, YAML files')
    .option('--strict', 'also warn about reads that no schema declares')
    .addOption(jsonOption('print one JSON document'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph validate report.yaml', 'check one'],
        ['stagegraph validate pipelines/*.yaml --json', 'check many, for programs'],
      ),
    )
    .action(async (files: string[], options: ValidateOptions) =>
      cli.finish(await validate(files, options, cli.terminal)),
    )
}

async function validate(files: readonly string[], options: ValidateOptions, terminal: Terminal): Promise<ExitCode> {
  const { loadPipeline } = await import('../load-pipeline.ts')
  const checked = files.map((file) => check(file, () => loadPipeline(file, terminal.cwd, options.strict)))
  if (options.json) {
    const reports = checked.map(({ report }) => report)
    writeJson(terminal.out, { valid: reports.every(({ valid }) => valid), files: reports })
  } else {
    for (const each of checked) await say(each, terminal)
  }
  return checked.every(({ report }) => report.valid) ? 0 : 2
}

interface Checked {
  readonly report: {
    readonly file: string
    readonly valid: boolean
    readonly name: string | null
    readonly plan: string | null
    readonly diagnostics: readonly Diagnostic[]
    /** Only when the file could not be read. */
    readonly error?: unknown
  }
  readonly loaded?: LoadedPipeline
  readonly unreadable?: string
}

/** A file that cannot be read does not hide what is wrong with the others. */
function check(file: string, load: () => LoadedPipeline): Checked {
  try {
    const loaded = load()
    const { plan, diagnostics } = loaded
    const valid = plan !== undefined
    return { report: { file, valid, name: plan?.name ?? null, plan: plan?.hash ?? null, diagnostics }, loaded }
  } catch (error) {
    if (!(error instanceof StagegraphError)) throw error
    const { text, json } = describeError(error, false)
    const report = { file, valid: false, name: null, plan: null, diagnostics: [], error: json.error }
    return { report, unreadable: text }
  }
}

async function say({ report, loaded, unreadable }: Checked, { out, err }: Terminal): Promise<void> {
  if (!loaded) return err.write(`${unreadable}\n`)
  const { formatDiagnostics, countDiagnostics } = await import('../load-pipeline.ts')
  if (report.diagnostics.length > 0) err.write(`${formatDiagnostics(loaded)}\n\n`)
  const count = countDiagnostics(report.diagnostics)
  if (!loaded.plan) return err.write(`${report.file}: ${count}\n`)
  const stages = loaded.plan.stages.length
  const size = `${stages} ${stages === 1 ? 'stage' : 'stages'}`
  const { glyphs, paint } = out.style
  out.write(
    `${paint('green', glyphs.succeeded)} ${report.file}: ${report.name} is valid, ${size}${count && `, ${count}`}\n`,
  )
}
