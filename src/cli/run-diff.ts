/** Where two runs differ, as data: what they were given, how each stage ended and with what, what came out. */
import type { PipelineState } from '../execution/pipeline-engine.ts'
import type { StageState } from '../execution/run-history.ts'
import { canonicalJson, isJsonObject, type Json } from '../foundation/json.ts'

export interface Difference {
  /** Such as `inputs.topic` or `stages.write.output.lines[2]`. */
  readonly at: string
  /** Absent when the first run has nothing there. */
  readonly before?: Json
  /** Absent when the second run has nothing there. */
  readonly after?: Json
}

/** In the order of the first run's stages; what only the second has comes last. Times are not compared. */
export function diffRuns(before: PipelineState, after: PipelineState): Difference[] {
  return [...differences('', compared(before), compared(after))]
}

const compared = (state: PipelineState): Json => ({
  pipeline: state.pipeline,
  plan: state.plan,
  status: state.status,
  inputs: state.inputs,
  edited_vars: state.edited_vars,
  stages: Object.fromEntries(state.stages.map((stage) => [stage.id, comparedStage(stage)])),
  outputs: state.result?.outputs ?? null,
})

function comparedStage({ kind, status, attempts, output, error, reason, set }: StageState): Json {
  const failed = error && { category: error.category, code: error.code, message: error.message }
  return { kind, status, attempts, output, error: failed, reason, set }
}

function* differences(at: string, before: Json | undefined, after: Json | undefined): Generator<Difference> {
  if (before === undefined || after === undefined) {
    yield { at, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }
  } else if (Array.isArray(before) && Array.isArray(after)) {
    for (let i = 0; i < Math.max(before.length, after.length); i++)
      yield* differences(`${at}[${i}]`, before[i], after[i])
  } else if (isJsonObject(before) && isJsonObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* differences(memberOf(at, key), own(before, key), own(after, key))
    }
  } else if (canonicalJson(before) !== canonicalJson(after)) {
    yield { at, before, after }
  }
}

const own = (object: { readonly [key: string]: Json }, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined

function memberOf(at: string, key: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return `${at}[${JSON.stringify(key)}]`
  return at === '' ? key : `${at}.${key}`
}
