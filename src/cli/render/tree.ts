/**
 * The tree of a run as lines of text, for a terminal of a given size at a given moment. Draws nothing itself.
 *
 *     license_audit r_8f3                     header
 *     ├─ ✔ list     0.2s
 *     ├─ ⠹ audit    3.1s  attempt 2 of 3  reading left-pad
 *     └─ · report
 *     ━━━━━━──────────── 33 %  3.3s, about 5s left
 */

import { formatDuration } from '../../foundation/duration.ts'
import { failureWords } from './failure.ts'
import type { Picture, StagePicture } from './picture.ts'
import { type Paint, type Segment, type Style, styledLine } from './style.ts'
import { displayWidth, padToWidth } from './text.ts'

export interface Frame {
  /** Columns and rows that may be used. */
  readonly width: number
  readonly height: number
  readonly nowMs: number
  readonly style: Style
}

export function treeLines(picture: Picture, frame: Frame): string[] {
  const { style, width } = frame
  const stages = [...picture.stages.values()]
  const window = windowOf(stages, Math.max(1, frame.height - 2))
  const shown = stages.slice(window.from, window.to)
  const idWidth = Math.min(32, Math.max(0, ...shown.map(({ id }) => displayWidth(id))))
  const rows: Segment[][] = shown.map((stage) => stageRow(stage, idWidth, frame))
  if (window.from > 0) rows.unshift(restRow(stages.slice(0, window.from), 'above', style))
  if (window.to < stages.length) rows.push(restRow(stages.slice(window.to), 'below', style))
  const branches = rows.map((row, at): Segment[] => [
    [`${at === rows.length - 1 ? style.glyphs.lastBranch : style.glyphs.branch} `, 'dim'],
    ...row,
  ])
  return [header(picture), ...branches, footer(picture, frame)].map((line) => styledLine(line, width, style))
}

const header = ({ pipeline, run }: Picture): Segment[] => [
  [pipeline, 'bold'],
  [run === '' ? '' : ` ${run}`, 'dim'],
]

function footer(picture: Picture, { width, nowMs, style: { glyphs } }: Frame): Segment[] {
  const cells = Math.max(0, Math.min(30, width - 40))
  const full = Math.round((cells * picture.progress) / 100)
  const elapsed = picture.startedMs === undefined ? '' : `  ${formatDuration(Math.max(0, nowMs - picture.startedMs))}`
  const left = picture.isOver ? 0 : (picture.endsAtMs ?? nowMs) - nowMs
  return [
    [glyphs.barFull.repeat(full), 'green'],
    [`${glyphs.barEmpty.repeat(cells - full)}${cells > 0 ? ' ' : ''}`, 'dim'],
    [`${Math.floor(picture.progress)} %`],
    [elapsed, 'dim'],
    [left >= 1_000 ? `, about ${formatDuration(left)} left` : '', 'dim'],
  ]
}

function stageRow(stage: StagePicture, idWidth: number, frame: Frame): Segment[] {
  const [glyph, paint] = glyphOf(stage, frame)
  const detail = detailOf(stage)
  const time = timeOf(stage, frame.nowMs)
  return [
    [`${glyph} `, paint],
    [time || detail ? padToWidth(stage.id, idWidth) : stage.id, stage.status === 'pending' ? 'dim' : 'plain'],
    [time ? `  ${time.padStart(6)}` : '', 'dim'],
    [detail ? `  ${detail}` : '', stage.status === 'failed' && !stage.tolerated ? 'red' : 'dim'],
  ]
}

function glyphOf(stage: StagePicture, { nowMs, style: { glyphs } }: Frame): readonly [string, Paint] {
  switch (stage.status) {
    case 'succeeded':
      return [glyphs.succeeded, 'green']
    case 'failed':
      return stage.tolerated ? [glyphs.tolerated, 'yellow'] : [glyphs.failed, 'red']
    case 'skipped':
      return [glyphs.skipped, 'dim']
    case 'cancelled':
      return [glyphs.cancelled, 'yellow']
    case 'running':
      return [glyphs.running[Math.floor(nowMs / 100) % glyphs.running.length] ?? '', 'cyan']
    case 'waiting':
    case 'retrying':
      return [glyphs.waiting, 'yellow']
    case 'pending':
      return [glyphs.pending, 'dim']
  }
}

function timeOf(stage: StagePicture, nowMs: number): string {
  if (stage.cached) return 'cached'
  if (stage.durationMs !== undefined) return formatDuration(stage.durationMs)
  const isActive = stage.status === 'running' || stage.status === 'retrying'
  return isActive && stage.startedMs !== undefined ? formatDuration(Math.max(0, nowMs - stage.startedMs)) : ''
}

/** What stands behind the time: why it failed or was skipped, or what it does now. */
export function detailOf(stage: StagePicture): string {
  const error = stage.error ? failureWords(stage.error) : ''
  switch (stage.status) {
    case 'failed':
      return [stage.tolerated ? 'tolerated' : '', attemptsOf(stage), error].filter(Boolean).join('  ')
    case 'retrying':
      return [`attempt ${stage.attempt} of ${stage.allowed} failed`, error].join('  ')
    case 'skipped':
      return skippedBecause(stage.reason)
    case 'running': {
      const percent = stage.fraction === undefined ? '' : `${Math.floor(stage.fraction * 100)} %`
      return [stage.attempt > 1 ? attemptsOf(stage) : '', percent, stage.tail.trim()].filter(Boolean).join('  ')
    }
    case 'succeeded':
      return stage.attempt > 1 ? attemptsOf(stage) : ''
    default:
      return ''
  }
}

const attemptsOf = ({ attempt, allowed }: StagePicture): string =>
  allowed > 1 || attempt > 1 ? `attempt ${attempt} of ${Math.max(allowed, attempt)}` : ''

const becauses: Readonly<Record<string, string>> = {
  condition: 'skipped: its condition is false',
  need: 'skipped: what it needs was skipped',
  failed: 'skipped: what it needs failed',
  cancelled: 'skipped: the run was cancelled',
  timeout: 'skipped: the time was up',
  rejected: 'skipped: rejected',
}

/** Why a stage was skipped, in words. */
export const skippedBecause = (reason: string | undefined): string => becauses[reason ?? ''] ?? 'skipped'

/** Which stages fit into `rows`: around the first that is not done, with a row each for what is left out. */
function windowOf(stages: readonly StagePicture[], rows: number): { readonly from: number; readonly to: number } {
  if (stages.length <= rows) return { from: 0, to: stages.length }
  const size = Math.max(1, rows - 2)
  const active = stages.findIndex(({ status }) => status === 'running' || status === 'retrying' || status === 'waiting')
  const open = active === -1 ? stages.findIndex(({ status }) => status === 'pending') : active
  const wanted = (open === -1 ? stages.length : open) - 1
  const from = Math.max(0, Math.min(wanted, stages.length - size))
  return { from, to: from + size }
}

function restRow(stages: readonly StagePicture[], where: string, style: Style): Segment[] {
  const count = (status: StagePicture['status']) => stages.filter((stage) => stage.status === status).length
  const parts = (['succeeded', 'failed', 'skipped', 'cancelled', 'running'] as const)
    .map((status) => [count(status), status] as const)
    .filter(([number]) => number > 0)
    .map(([number, status]) => `${number} ${status}`)
  return [[`${style.glyphs.cut} ${stages.length} ${where}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`, 'dim']]
}
