/** The benchmark, once the rivals are installed: measures what is missing, then prints the table. */
import { existsSync } from 'node:fs'
import { cellsOf } from './harness/cells.ts'
import { measureMissing } from './harness/measure.ts'
import { type Options, parseOptions, usage } from './harness/options.ts'
import { profile } from './harness/profile.ts'
import { keepOldResults, machine, type Results, readResults, resultsFile, writeResults } from './harness/results.ts'
import { assertLowering, benchDigest, buildSnapshot, snapshotNamed, sourceDigest } from './harness/snapshot.ts'
import { type Row, summarize } from './harness/summary.ts'
import { table } from './harness/table.ts'
import { verdicts } from './harness/targets.ts'
import { assertSameLangGraph } from './harness/versions.ts'

async function main(): Promise<void> {
  const args = process.argv.slice(2)
  if (args.includes('--help')) return console.log(usage)
  const options = parseOptions(args)
  assertSameLangGraph()
  if (options.profile !== undefined)
    return profile(options.profile, options.lowering, snapshotOf(sourceDigest(), options))

  const file = resultsFile(options.mode, options.lowering)
  const results = options.table ? (readResults(file) ?? emptyResults(options)) : await measured(file, options)
  const rows = rowsOf(results, options.only)
  console.log(table(results, rows, verdicts(rows)))
  const missing = rows.filter((row) => !isMeasured(row)).length
  console.log(
    missing > 0 ? `\n${missing} rows are not measured to the end: run the same command again.` : `\nAll is in ${file}`,
  )
}

/** Takes up or begins the results in the file, and writes what it measures there. */
async function measured(file: string, options: Options): Promise<Results> {
  const begun = unfinished(file, options) ?? begin(file, options)
  const snapshot = snapshotOf(begun.settings.source, options)
  const results = await measureMissing(begun, options, { file, snapshot })
  const rows = rowsOf(results, '')
  writeResults(file, results, { rows, targets: verdicts(rows) })
  return results
}

function snapshotOf(source: string, { lowering }: Options): string {
  const snapshot = buildSnapshot(source)
  assertLowering(snapshot, lowering)
  return snapshot
}

/** Results to go on with: of the source as it is, or of a benchmark that is not finished and whose snapshot is there. */
function unfinished(file: string, { fresh }: Options): Results | undefined {
  const before = fresh ? undefined : readResults(file)
  if (!before || before.settings.bench !== benchDigest() || !existsSync(snapshotNamed(before.settings.source))) return
  const { source, startedAt } = before.settings
  if (source === sourceDigest()) return before
  if (rowsOf(before, '').every(isMeasured)) return
  console.log(`Going on with the benchmark of ${startedAt}; src has changed since (--fresh measures it as it is now).`)
  return before
}

function begin(file: string, options: Options): Results {
  keepOldResults(file)
  return emptyResults(options)
}

const rowsOf = ({ settings, cells }: Results, only: string): readonly Row[] =>
  summarize(cellsOf(settings.mode, settings.lowering, only), cells)

/** Also when it failed: another try is the next benchmark's. */
const isMeasured = ({ state }: Row): boolean => state !== 'missing' && state !== 'partly'

const emptyResults = ({ mode, lowering }: Options): Results => ({
  settings: {
    mode,
    lowering,
    source: sourceDigest(),
    bench: benchDigest(),
    node: process.version,
    machine: machine(),
    startedAt: new Date().toISOString(),
  },
  cells: {},
})

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
