/**
 * The last words about a run: how it ended, why, what it gave, and what to do next.
 *
 *     ✖ publish failed in 3.2s
 *       fetch (3 attempts) http_5xx: The server answered 503.
 *       its logs     stagegraph logs r_8f3 --stage fetch
 *       everything   stagegraph show r_8f3
 *       try again    stagegraph retry r_8f3
 */
import type { PipelineState } from '../../execution/pipeline-engine.ts'
import type { PipelineResult } from '../../execution/run.ts'
import { formatDuration } from '../../foundation/duration.ts'
import type { Failure } from '../../foundation/errors.ts'
import type { JsonObject } from '../../foundation/json.ts'
import type { OpenWait } from '../../foundation/wait.ts'
import type { NextSteps } from '../next-steps.ts'
import { failureWords } from './failure.ts'
import type { Style } from './style.ts'
import { safeText } from './text.ts'
import { waitLines } from './waits.ts'

/** Lines of outputs that are printed at the end; `show` prints them all. */
const maxOutputLines = 40

/** What is said of how a run ended. */
export type Ended = Pick<PipelineResult, 'pipeline' | 'status' | 'outputs' | 'error' | 'tolerated' | 'executionTimeMs'>

/** The same of a run in the store. */
export const endedOf = ({ pipeline, status, result, active_ms }: PipelineState): Ended => ({
  pipeline,
  status,
  outputs: result?.outputs ?? null,
  error: result?.error ?? null,
  tolerated: result?.tolerated ?? [],
  executionTimeMs: result?.execution_time_ms ?? active_ms,
})

/** `waits`: what it waits for. */
export function endingLines(result: Ended, next: NextSteps, style: Style, waits: readonly OpenWait[] = []): string[] {
  const steps = nextCommands(result, next).filter(([what]) => what !== 'go on' || waits.length === 0)
  const width = Math.max(...steps.map(([what]) => what.length))
  return [
    headline(result, style),
    ...(result.error ? [`  ${failureLine(result.error)}`] : []),
    ...(result.tolerated.length > 0 ? [`  failed, but tolerated: ${result.tolerated.join(', ')}`] : []),
    ...outputsOf(result.outputs, next),
    ...waits.flatMap((wait) => waitLines(wait, next)).map((line) => `  ${line}`),
    ...steps.map(([what, command]) => style.paint('dim', `  ${what.padEnd(width)}   ${command}`)),
  ]
}

function headline({ pipeline, status, executionTimeMs }: Ended, style: Style): string {
  const { glyphs } = style
  const time = `in ${formatDuration(executionTimeMs)}`
  switch (status) {
    case 'succeeded':
      return `${style.paint('green', glyphs.succeeded)} ${pipeline} succeeded ${time}`
    case 'failed':
    case 'rolled_back':
    case 'rollback_failed':
      return `${style.paint('red', glyphs.failed)} ${pipeline} ${status.replaceAll('_', ' ')} ${time}`
    case 'stopped':
    case 'cancelled':
      return `${style.paint('yellow', glyphs.cancelled)} ${pipeline} ${status} after ${formatDuration(executionTimeMs)}`
    default:
      return `${style.paint('yellow', glyphs.waiting)} ${pipeline} is ${status}`
  }
}

/** `fetch (3 attempts) http_5xx: The server answered 503.` */
export function failureLine({ stage, attempts, category, message, details }: Failure): string {
  const who = stage === undefined ? '' : `${stage} `
  const tries = attempts !== undefined && attempts > 1 ? `(${attempts} attempts) ` : ''
  return `${who}${tries}${failureWords({ category, message, ...(details !== undefined && { details }) })}`
}

function nextCommands({ status, error }: Ended, next: NextSteps): [what: string, command: string][] {
  switch (status) {
    case 'succeeded':
    case 'stopped':
    case 'cancelled':
      return [['look at it', next.show]]
    case 'failed':
      return [
        ['its logs', next.logs(error?.stage)],
        ['everything', next.show],
        ['try again', next.retry],
      ]
    case 'rolled_back':
    case 'rollback_failed':
      return [
        ['its logs', next.logs(error?.stage)],
        ['everything', next.show],
      ]
    default:
      return [
        ['go on', next.resume],
        ['look at it', next.show],
      ]
  }
}

function outputsOf(outputs: JsonObject | null, next: NextSteps): string[] {
  if (outputs === null || Object.keys(outputs).length === 0) return []
  const lines = jsonLines(outputs)
  const cut = lines.length > maxOutputLines ? [`  (${lines.length - maxOutputLines} more lines: ${next.show})`] : []
  return [...lines.slice(0, maxOutputLines).map((line) => `  ${line}`), ...cut]
}

/** Indented JSON, safe to print. */
export const jsonLines = (value: unknown): string[] => safeText(JSON.stringify(value, null, 2)).split('\n')
