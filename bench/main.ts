/** The benchmark, once the rivals are installed: measures what is missing, then prints the table. */
import { existsSync } from 'node:fs'
import { cellsOf } from './harness/cells.ts'
import { measureMissing } from './harness/measure.ts'
import { type Options, parseOptions, usage } from './harness/options.ts'
import { profile } from './harness/profile.ts'
import { machine, type Results, readResults, resultsFile, writeResults } from './harness/results.ts'
import { benchDigest, buildSnapshot, snapshotNamed, sourceDigest } from './harness/snapshot.ts'
import { type Row, summarize } from './harness/summary.ts'
import { table } from './harness/table.ts'
import { verdicts } from './harness/targets.ts'
import { assertSameLangGraph } from './harness/versions.ts'

async function main(): Promise<void> {
  const args = process.argv.slice(2)
  if (args.includes('--help')) return console.log(usage)
  const options = parseOptions(args)
  assertSameLangGraph()
  if (options.profile !== undefined) return profile(options.profile, options.lowering, buildSnapshot(sourceDigest()))

  const file = resultsFile(options.mode, options.lowering)
  const begun = options.table ? (readResults(file) ?? emptyResults(options)) : taken(file, options)
  const results = options.table
    ? begun
    : await measureMissing(begun, options, { file, snapshot: buildSnapshot(begun.settings.source) })
  const rows = rowsOf(results, options.only)
  console.log(table(results, rows, verdicts(rows)))
  writeResults(file, results, { rows: rowsOf(results, ''), targets: verdicts(rowsOf(results, '')) })
  const missing = rows.filter((row) => !isMeasured(row)).length
  console.log(
    missing > 0 ? `\n${missing} rows are not measured to the end: run the same command again.` : `\nAll is in ${file}`,
  )
}

/** Results to go on with: those of an unfinished benchmark whose snapshot is still there, or new ones. */
function taken(file: string, options: Options): Results {
  const before = options.fresh ? undefined : readResults(file)
  const now = sourceDigest()
  if (!before || before.settings.bench !== benchDigest() || !existsSync(snapshotNamed(before.settings.source))) {
    return emptyResults(options)
  }
  const { source, startedAt } = before.settings
  if (source === now) return before
  if (rowsOf(before, '').every(isMeasured)) return emptyResults(options)
  console.log(`Going on with the benchmark of ${startedAt}; src has changed since (--fresh measures it as it is now).`)
  return before
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
