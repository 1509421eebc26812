/** A stored run as lines of text: what `show` prints. */

import { isOwnerDead } from '../../execution/owner.ts'
import type { PipelineState } from '../../execution/pipeline-engine.ts'
import type { StageState } from '../../execution/run-history.ts'
import type { RunRecord } from '../../execution/store.ts'
import { formatDuration } from '../../foundation/duration.ts'
import { isFinished } from '../../foundation/outcome.ts'
import type { NextSteps } from '../next-steps.ts'
import { failureLine, jsonLines } from './ending.ts'
import { failureWords } from './failure.ts'
import type { Style } from './style.ts'
import { tableLines } from './table.ts'
import { safeLine } from './text.ts'
import { skippedBecause } from './tree.ts'
import { waitLines } from './waits.ts'

export function stateLines(
  state: PipelineState,
  next: NextSteps,
  { style, width }: { readonly style: Style; readonly width: number },
): string[] {
  const error = state.result?.error
  return [
    `${style.paint('bold', state.pipeline)} ${state.id}: ${statusText(state)}, ${Math.floor(state.progress)} %`,
    ...factLines(state),
    ...(error ? ['', `error: ${failureLine(error)}`] : []),
    '',
    ...tableLines(
      ['STAGE', 'KIND', 'STATUS', 'TIME', 'TRIES', ''],
      state.stages.map((stage) => stageCells(stage, isActive(state))),
      width,
    ),
    ...state.waits.flatMap((wait) => ['', ...waitLines(wait, next)]),
    ...valueLines('inputs', state.inputs),
    ...valueLines('outputs', state.result?.outputs ?? {}),
    '',
    `logs: ${next.logs()}`,
    ...hint(state, next),
  ]
}

type Owned = Pick<RunRecord, 'status' | 'owner'>

/** The status, and whether the process that ran it died meanwhile. */
export const statusText = (run: Owned): string => (isCrashed(run) ? `${run.status} (crashed)` : run.status)

const isActive = (run: Owned): boolean => run.owner !== null && !isCrashed(run)

const isCrashed = ({ status, owner }: Owned): boolean => !isFinished(status) && owner !== null && isOwnerDead(owner)

function factLines({ version, file, created_at, ended_at, active_ms, stretches }: PipelineState): string[] {
  const ofVersion = version === null ? '' : `version ${safeLine(version)}, `
  const ended = ended_at === null ? '' : `, ended ${ended_at}`
  const resumed = stretches > 1 ? `, resumed ${stretches - 1} ${stretches === 2 ? 'time' : 'times'}` : ''
  return [
    `${ofVersion}started ${created_at}${ended}, active ${formatDuration(active_ms)}${resumed}`,
    ...(file === null ? [] : [`from ${safeLine(file)}`]),
  ]
}

const stageCells = (stage: StageState, runs: boolean): string[] => [
  stage.id,
  stage.kind,
  stageStatus(stage, runs),
  stage.cached ? 'cached' : stage.duration_ms === null ? '' : formatDuration(stage.duration_ms),
  stage.attempts === 0 ? '' : String(stage.attempts),
  aboutStage(stage),
]

/** A stage that was running when its run was left is not running any more. */
function stageStatus({ status, tolerated }: StageState, runs: boolean): string {
  if (status === 'running' && !runs) return 'interrupted'
  return tolerated ? `${status} (tolerated)` : status
}

/** Characters of an output that are shown in its row. */
const shownOutput = 200

function aboutStage({ status, reason, error, output }: StageState): string {
  if (status === 'skipped') return skippedBecause(reason ?? undefined)
  if (error) return failureWords(error)
  return output === null ? '' : JSON.stringify(output).slice(0, shownOutput)
}

function valueLines(title: string, value: object): string[] {
  return Object.keys(value).length === 0 ? [] : ['', `${title}:`, ...jsonLines(value).map((line) => `  ${line}`)]
}

function hint(state: PipelineState, next: NextSteps): string[] {
  if (isFinished(state.status)) return []
  return [isActive(state) ? `follow: ${next.watch}` : `go on: ${next.resume}`]
}
