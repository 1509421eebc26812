/** How a pipeline's file differs by now from the plan that a run was started with. */
import { resolve } from 'node:path'
import { diffPlans, type PlanDiff, type StageDiff } from '../execution/plan-diff.ts'
import { InputError } from '../foundation/errors.ts'
import type { Plan } from '../foundation/plan.ts'
import { countDiagnostics, formatDiagnostics, loadPipeline } from './load-pipeline.ts'
import type { Terminal } from './terminal.ts'

/** Undefined for a plan that was compiled from a text. */
export const fileOf = ({ origin: { file, directory } }: Plan): string | undefined =>
  file === null ? undefined : resolve(directory, file)

/** The pipeline as it is now. What is wrong with it is said. Throws InputError when it does not compile. */
export function planFrom(file: string, { cwd, err }: Pick<Terminal, 'cwd' | 'err'>): Plan {
  const loaded = loadPipeline(file, cwd)
  if (loaded.diagnostics.length > 0) err.write(`${formatDiagnostics(loaded)}\n\n`)
  if (loaded.plan) return loaded.plan
  const message = `does not compile: ${countDiagnostics(loaded.diagnostics)}`
  throw new InputError('Nothing was run.', [{ name: file, message }])
}

/** Differences that are listed. */
const mostLines = 20

/** Lines for whoever goes on by the stored plan: none when the file says the same. */
export function driftNotes(plan: Plan, thread: string): string[] {
  const path = fileOf(plan)
  if (path === undefined) return []
  const { file } = plan.origin
  const kept = 'the run goes on with the plan it was started with'
  let now: Plan | undefined
  try {
    now = loadPipeline(path, process.cwd()).plan
  } catch {
    return [`note: ${file} can no longer be read; ${kept}.`]
  }
  if (!now) return [`note: ${file} has changed since this run was started, and does not compile; ${kept}.`]
  const lines = diffLines(diffPlans(plan, now), Object.keys({ ...plan.files, ...now.files }))
  if (lines.length === 0) return []
  const more = lines.length - mostLines
  return [
    `note: ${file} has changed since this run was started; ${kept}.`,
    ...lines.slice(0, mostLines).map((line) => `  ${line}`),
    ...(more > 0 ? [`  … and ${more} more`] : []),
    `  To go on by the file as it is now: stagegraph resume ${thread} --migrate`,
  ]
}

/** A line for each stage that differs, and one for the rest. The change of a source is told by itself. */
function diffLines({ stages, others }: PlanDiff, sources: readonly string[]): string[] {
  const rest = others.filter((name) => !sources.includes(name))
  return [
    ...stages.flatMap((stage) => lineOf(stage) ?? []),
    ...(rest.length > 0 ? [`beside the stages: ${rest.join(', ')}`] : []),
  ]
}

function lineOf({ stage, change, keys }: StageDiff): string | undefined {
  if (change === 'same') return undefined
  return change === 'changed' ? `${stage}: ${keys.join(', ')} changed` : `${stage}: ${change}`
}
