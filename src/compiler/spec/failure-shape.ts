/** Checks the shape of handlers and of what takes a stage back. */
import { z } from 'zod'
import { diagnostics } from '../../foundation/diagnostics.ts'
import { isJsonObject, type Json } from '../../foundation/json.ts'
import type { StageKind } from '../../foundation/stage-kind.ts'
import type { Path } from '../parsed.ts'
import { bareExpression } from './expression-shape.ts'
import { alsoOnFailure } from './failure-keys.ts'
import { explainIssues } from './issues.ts'
import { type CheckStage, checkList } from './list-shape.ts'
import type { Mutable, Shape } from './shape-context.ts'
import { commonStageKeys } from './stage.ts'
import { foundWords } from './words.ts'

/** What handlers hold: their conditions, and their stages. A list that is none is taken out. */
export function checkHandlers(written: Json | undefined, path: Path, checkStage: CheckStage, shape: Shape): void {
  for (const [index, handler] of (Array.isArray(written) ? written : []).entries()) {
    if (!isJsonObject(handler)) continue
    const place = [...path, index]
    if (handler.when !== undefined) bareExpression(handler as Mutable, 'when', [...place, 'when'], shape)
    if (handler.stages === undefined) continue
    if (!checkList(handler.stages, [...place, 'stages'], checkStage, shape)) delete (handler as Mutable).stages
  }
}

/** The common keys that what takes a stage back may have. */
const rollbackKeys: ReadonlySet<string> = new Set(['timeout', 'retry', 'env', 'idempotency_key', 'output'])
const refusedKeys = Object.keys(commonStageKeys).filter((key) => !rollbackKeys.has(key))
const keysHint = `It may have ${[...rollbackKeys].join(', ')} and also_on_failure, besides what its kind takes.`

/** Checks a stage that has no id, and returns its kind. */
export type CheckBare = (stage: Mutable, path: Path, shape: Shape) => StageKind | undefined

/** What is no stage that can be run alone is taken out. */
export function checkRollback(stage: Mutable, stagePath: Path, checkBare: CheckBare, shape: Shape): void {
  const { places, report } = shape
  const written = stage.rollback
  if (written === undefined) return
  const path = [...stagePath, 'rollback']
  if (!isJsonObject(written)) {
    const hint = 'Write a stage without an id, such as: rollback: { run: ./undo.sh }'
    report(diagnostics.wrong_type(places.spanOf(path), '"rollback"', 'a map', foundWords(written), hint))
    delete stage.rollback
    return
  }
  const undo = written as Mutable
  for (const key of refusedKeys) {
    if (undo[key] === undefined) continue
    report(diagnostics.not_in_rollback(places.keySpanOf([...path, key]), key, keysHint))
    delete undo[key]
  }
  const isWide = takeSwitch(undo, path, shape)
  const kind = checkBare(undo, path, shape)
  if (kind && !kind.body && !kind.waits) {
    if (isWide) undo.also_on_failure = true
    return
  }
  if (kind) {
    const hint = `Take it back with one stage that ${kind.waits ? 'waits for nobody' : 'holds no others'}.`
    report(diagnostics.not_in_rollback(places.keySpanOf([...path, kind.name]), kind.name, hint))
  }
  delete stage.rollback
}

/** `also_on_failure`, which no other stage has. */
function takeSwitch(undo: Mutable, path: Path, { places, report }: Shape): boolean {
  const { also_on_failure: written } = undo
  const result = switchSchema.safeParse(undo)
  if (!result.success) {
    const validated = { schema: switchSchema, value: undo, base: path, templates: false, places }
    for (const { diagnostic } of explainIssues(result.error.issues, validated)) report(diagnostic)
  }
  delete undo.also_on_failure
  return written === true
}

const switchSchema = z.object({ also_on_failure: alsoOnFailure() })
