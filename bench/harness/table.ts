/** The one table: a line for each rival of each workload, and below each workload the targets that are read off it. */
import { isOurs, titled } from '../rivals/titles.ts'
import type { Results } from './results.ts'
import type { Row } from './summary.ts'
import type { Verdict } from './targets.ts'
import { ownVersion, versionInBench } from './versions.ts'

const heads = ['workload', 'who', 'CPU', 'wall', 'disk', 'ours ÷ it: CPU', 'wall', 'disk', 'target', 'met'] as const
type Line = readonly string[]

export function table({ settings }: Results, rows: readonly Row[], verdicts: readonly Verdict[]): string {
  const { mode, lowering, node, machine, source, startedAt } = settings
  const title = `Stagegraph ${ownVersion()} (${source}), lowering ${lowering}, ${mode}; Node ${node}, ${machine}; started ${startedAt}.`
  const legend =
    'Medians; CPU is of the whole process. StateGraphs are written by hand. ¹ = measured once, ² = not all rounds yet.'
  const cases = [...new Set(rows.map(({ one }) => one))]
  const lines = cases.flatMap((one) => [
    ...rows
      .filter((row) => row.one === one)
      .map((row, index, group) =>
        rowLine(
          row,
          group.find(({ rival }) => isOurs(rival)),
          index === 0,
        ),
      ),
    ...verdicts.filter(({ caseId }) => caseId === one.id).map(verdictLine),
  ])
  const notes = cases.flatMap(({ title: name, note }) => (note === undefined ? [] : [`- ${name}: ${note}`]))
  return [title, legend, '', aligned([heads, ...lines]), '', ...notes].join('\n')
}

function rowLine(row: Row, ours: Row | undefined, isFirst: boolean): Line {
  const { one, rival, state } = row
  const names = [isFirst ? one.title : '', nameOf(rival)]
  if (row.cpuUs === undefined || row.wallUs === undefined) return [...names, why(row), '', '', '', '', '', '', '']
  const mark = row.samples === 1 ? '¹' : state === 'partly' ? '²' : ''
  return [
    ...names,
    `${time(row.cpuUs)} / ${one.unit}${mark}`,
    time(row.wallUs),
    row.bytes === undefined ? '' : size(row.bytes),
    ...(['cpuUs', 'wallUs', 'bytes'] as const).map((metric) =>
      row === ours ? '' : ratio(ours?.[metric], row[metric]),
    ),
    '',
    '',
  ]
}

function why({ state, failure }: Row): string {
  if (state === 'differs') return 'another result than the others: no time'
  if (state === 'failed') return `failed: ${failure?.replaceAll(/\s+/g, ' ').slice(-120)}`
  return 'not measured yet'
}

function verdictLine({ says, value, limit, show }: Verdict): Line {
  const format = { ratio: fraction, bytes: size, microseconds: (us: number) => `${us.toFixed(1)} µs` }[show]
  const met = value === undefined ? 'not measured' : outcomeOf(value, limit)
  return ['', `→ ${says}`, value === undefined ? '–' : format(value), '', '', '', '', '', `≤ ${format(limit)}`, met]
}

/** Whether the limit is kept, and how far it is away. */
export function outcomeOf(value: number, limit: number): string {
  if (value <= 0) return 'met'
  return value <= limit ? `met, ${digits(limit / value)}× below` : `NOT MET, ${digits(value / limit)}× above`
}

export function nameOf(rival: string): string {
  const { title, packages } = titled(rival)
  const versions = packages.map((name) => `${name.replace('@langchain/', '')} ${versionInBench(name)}`)
  return versions.length === 0 ? title : `${title} (${versions.join(', ')})`
}

const ratio = (ours: number | undefined, theirs: number | undefined): string =>
  ours === undefined || theirs === undefined || theirs === 0 ? '' : fraction(ours / theirs)

/** `1/12.3` below one, `2.4×` above. */
export function fraction(value: number): string {
  if (value >= 0.995) return `${digits(value)}×`
  return value > 0 ? `1/${digits(1 / value)}` : '0'
}

const digits = (value: number): string => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)

function time(us: number): string {
  if (us < 1_000) return `${digits(us)} µs`
  return us < 10_000_000 ? `${digits(us / 1_000)} ms` : `${digits(us / 1_000_000)} s`
}

function size(bytes: number): string {
  const abs = Math.abs(bytes)
  return abs < 1_000_000 ? `${digits(bytes / 1_000)} KB` : `${digits(bytes / 1_000_000)} MB`
}

function aligned(lines: readonly Line[]): string {
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const show = (line: Line) => `| ${widths.map((width, column) => (line[column] ?? '').padEnd(width)).join(' | ')} |`
  const [first = [], ...rest] = lines
  return [show(first), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rest.map(show)].join('\n')
}
