/** Checks the shape of what stands inside a stage: lists of stages, names of items and branches; and keys refused there. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { isJsonObject } from '../../foundation/json.ts'
import type { BodyShape, StageKind } from '../../foundation/stage-kind.ts'
import type { Path } from '../parsed.ts'
import { configOf, pathInStage, type StageSpec } from '../spec.ts'
import { idLike, idPattern, reservedIds } from './ids.ts'
import { type CheckStage, checkList } from './list-shape.ts'
import { checkName } from './names.ts'
import type { Mutable, Shape } from './shape-context.ts'
import { valuesAt } from './slots.ts'
import { hasTemplate } from './templates.ts'

/** Common keys that mean nothing on a stage with stages inside, with what to do instead. */
const refusedOnBodies: Readonly<Record<string, string>> = {
  retry: 'Put "retry" on the stages inside.',
  once: 'Put "once" on the stages inside that must not run twice.',
  idempotency_key: 'Put "idempotency_key" on the stages inside; each gets one of its own anyway.',
  checkpoint: 'Put "checkpoint" on the stage before or after it.',
}

export function checkBody(
  kind: StageKind,
  body: BodyShape,
  stage: Mutable,
  path: Path,
  checkStage: CheckStage,
  shape: Shape,
): void {
  for (const [key, hint] of Object.entries(refusedOnBodies)) {
    if (stage[key] === undefined) continue
    shape.report(diagnostics.not_on_body(shape.places.keySpanOf([...path, key]), key, `a ${kind.name}`, hint))
    delete stage[key]
  }
  checkTimeout(stage, path, kind, shape)
  checkNames(stage, path, shape)
  for (const pattern of body.lists) {
    for (const { path: place, value } of valuesAt(pattern, configOf(stage as StageSpec, kind))) {
      checkList(value, [...path, ...pathInStage(kind, place)], checkStage, shape)
    }
  }
}

/** A body makes no progress of its own of which one could wait for more. */
function checkTimeout({ timeout }: Mutable, path: Path, { name }: StageKind, { places, report }: Shape): void {
  if (!isJsonObject(timeout ?? null) || (timeout as Mutable).idle === undefined) return
  const span = places.keySpanOf([...path, 'timeout', 'idle'])
  report(diagnostics.not_on_body(span, 'idle', `a ${name}`, 'Put it on the stages inside, or say "total".'))
  delete (timeout as Mutable).idle
}

/** What only stages of the pipeline's own list may say. */
export function checkInside(stage: Mutable, path: Path, shape: Shape): void {
  if (stage.checkpoint === undefined) return
  const span = shape.places.keySpanOf([...path, 'checkpoint'])
  const hint = 'Put it on the outermost stage that comes next: LangGraph makes checkpoints between those.'
  shape.report(diagnostics.not_on_body(span, 'checkpoint', 'a stage inside another', hint))
  delete stage.checkpoint
}

function checkNames(stage: Mutable, path: Path, shape: Shape): void {
  if (typeof stage.as === 'string' && stage.foreach !== undefined) checkItemName(stage, stage.as, path, shape)
  if (!isJsonObject(stage.parallel ?? null)) return
  const names = Object.keys(stage.parallel as Mutable)
  for (const name of names) checkName(name, [...path, 'parallel', name], 'a branch', shape)
  if (names.length === 0)
    shape.report(diagnostics.empty_stages(shape.places.spanOf([...path, 'parallel']), '"parallel"'))
}

/** The name of an item follows the rules of ids. A name that does not is taken out. */
function checkItemName(stage: Mutable, name: string, path: Path, shape: Shape): void {
  const { places, report } = shape
  const span = places.spanOf([...path, 'as'])
  if (hasTemplate(name)) delete stage.as
  else if (!idPattern.test(name)) {
    const near = idLike(name, 'item')
    report(diagnostics.bad_name(span, name, 'an item', itemNames, near && `as: ${near}`))
    delete stage.as
  } else if (reservedIds.has(name)) {
    report(diagnostics.name_taken(span, name, 'the word has a meaning of its own', `${name}_item`))
    delete stage.as
  }
}

const itemNames = 'lower-case letters, digits and underscores, a letter first'
