/** `stagegraph runs`: lists the runs of a store, newest first. */
import { InvalidArgumentError } from 'commander'
import type { RunFilter, RunRecord } from '../../execution/store.ts'
import { formatDuration, parseDuration } from '../../foundation/duration.ts'
import type { RunStatus } from '../../foundation/outcome.ts'
import { didYouMean } from '../../foundation/suggest.ts'
import { type AddCommand, examples, jsonOption, storeOption } from '../cli.ts'
import { type ExitCode, runStatuses } from '../exit-codes.ts'
import { writeJson } from '../render/json.ts'
import { statusText } from '../render/state.ts'
import { tableLines } from '../render/table.ts'
import { lineWidth, type Terminal } from '../terminal.ts'

interface RunsOptions {
  readonly status?: readonly RunStatus[]
  readonly pipeline?: string
  readonly since?: string
  readonly limit: number
  readonly store?: string
  readonly json?: boolean
}

export const addRuns: AddCommand = (program, cli) => {
  program
    .command('runs')
    .summary('list runs')
    .description('Lists the runs of this project, newest first.')
    .option('--status <statuses>', 'only these: running,paused,failed,…', parseStatuses)
    .option('--pipeline <name>', 'only of this pipeline')
    .option('--since <time>', 'only those started since: 2h, 3d, or a date', (text) =>
      parseSince(text, cli.terminal.clock.now()),
    )
    .option('--limit <n>', 'at most so many', parseLimit, 50)
    .addOption(storeOption())
    .addOption(jsonOption('print one JSON document'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph runs', 'what there is'],
        ['stagegraph runs --status failed,paused --since 1d', 'what needs care'],
      ),
    )
    .action(async (options: RunsOptions) => cli.finish(await runs(options, cli.terminal)))
}

async function runs(options: RunsOptions, terminal: Terminal): Promise<ExitCode> {
  const { openExisting } = await import('../open-engine.ts')
  await using open = await openExisting(terminal, options.store)
  const records = await open.engine.list(filterOf(options))
  if (options.json) writeJson(terminal.out, { runs: records })
  else if (records.length === 0) terminal.out.write('No runs match.\n')
  else terminal.out.write(`${runLines(records, lineWidth(terminal.out)).join('\n')}\n`)
  return 0
}

function filterOf({ status, pipeline, since, limit }: RunsOptions): RunFilter {
  return {
    limit,
    ...(status && { status }),
    ...(pipeline !== undefined && { pipeline }),
    ...(since !== undefined && { since }),
  }
}

export const runLines = (records: readonly RunRecord[], width: number): string[] =>
  tableLines(
    ['RUN', 'PIPELINE', 'STATUS', 'DONE', 'STARTED', 'ACTIVE'],
    records.map((run) => [
      run.id,
      run.pipeline,
      statusText(run),
      `${Math.floor(run.progress)} %`,
      `${run.created_at.slice(0, 19).replace('T', ' ')}Z`,
      formatDuration(run.active_ms),
    ]),
    width,
  )

function parseStatuses(text: string): RunStatus[] {
  return text.split(',').map((name) => {
    const status = runStatuses.find((each) => each === name.trim())
    if (status) return status
    throw new InvalidArgumentError(didYouMean(name, runStatuses) ?? `Statuses are: ${runStatuses.join(', ')}.`)
  })
}

/** ISO 8601, from a duration back or a date. */
export function parseSince(text: string, nowMs: number): string {
  const backMs = parseDuration(text)
  const atMs = backMs === undefined ? Date.parse(text) : nowMs - backMs
  if (Number.isNaN(atMs)) throw new InvalidArgumentError('Write a duration (2h, 3d) or a date (2026-01-31).')
  return new Date(atMs).toISOString()
}

function parseLimit(text: string): number {
  const limit = Number(text)
  if (!Number.isInteger(limit) || limit < 1) throw new InvalidArgumentError('Write a whole number from 1.')
  return limit
}
