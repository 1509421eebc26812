/** A stored run as lines of text: what `show` prints. */
import type { PipelineState } from '../../execution/engine.ts'
import type { StageState } from '../../execution/run-history.ts'
import { formatDuration } from '../../foundation/duration.ts'
import { isFinished } from '../../foundation/outcome.ts'
import type { NextSteps } from '../next-steps.ts'
import { failureLine, jsonLines } from './ending.ts'
import type { Style } from './style.ts'
import { tableLines } from './table.ts'
import { safeLine } from './text.ts'
import { skippedBecause } from './tree.ts'

export function stateLines(
  state: PipelineState,
  next: NextSteps,
  { style, width }: { readonly style: Style; readonly width: number },
): string[] {
  const error = state.result?.error
  return [
    `${style.paint('bold', state.pipeline)} ${state.id}: ${state.status}, ${Math.floor(state.progress)} %`,
    ...factLines(state),
    ...(error ? ['', `error: ${failureLine(error)}`] : []),
    '',
    ...tableLines(['STAGE', 'KIND', 'STATUS', 'TIME', 'TRIES', ''], state.stages.map(stageCells), width),
    ...valueLines('inputs', state.inputs),
    ...valueLines('outputs', state.result?.outputs ?? {}),
    '',
    `logs: ${next.logs()}`,
    ...hint(state, next),
  ]
}

function factLines({ version, file, created_at, ended_at, active_ms, stretches }: PipelineState): string[] {
  const version_ = version === null ? '' : `version ${safeLine(version)}, `
  const ended = ended_at === null ? '' : `, ended ${ended_at}`
  const resumed = stretches > 1 ? `, resumed ${stretches - 1} ${stretches === 2 ? 'time' : 'times'}` : ''
  return [
    `${version_}started ${created_at}${ended}, active ${formatDuration(active_ms)}${resumed}`,
    ...(file === null ? [] : [`from ${safeLine(file)}`]),
  ]
}

const stageCells = (stage: StageState): string[] => [
  stage.id,
  stage.kind,
  stage.tolerated ? `${stage.status} (tolerated)` : stage.status,
  stage.cached ? 'cached' : stage.duration_ms === null ? '' : formatDuration(stage.duration_ms),
  stage.attempts === 0 ? '' : String(stage.attempts),
  aboutStage(stage),
]

function aboutStage({ status, reason, error, output }: StageState): string {
  if (status === 'skipped') return skippedBecause(reason ?? undefined)
  if (error) return `${error.category}: ${error.message}`
  return output === null ? '' : JSON.stringify(output).slice(0, 200)
}

function valueLines(title: string, value: object): string[] {
  return Object.keys(value).length === 0 ? [] : ['', `${title}:`, ...jsonLines(value).map((line) => `  ${line}`)]
}

function hint({ status, owner }: PipelineState, next: NextSteps): string[] {
  if (isFinished(status)) return []
  return [owner === null ? `go on: ${next.resume}` : `follow: ${next.watch}`]
}
