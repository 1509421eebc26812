/** Checks the shape of a list of stages: the pipeline's own, or one inside a stage. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { isJsonObject, type Json } from '../../foundation/json.ts'
import type { Path } from '../parsed.ts'
import type { Shape } from './shape-context.ts'
import { foundWords } from './words.ts'

export type CheckStage = (stage: Json, path: Path, shape: Shape) => Json

/** Mends the stages of the list in place; false when there is none to go on with. */
export function checkList(list: Json | undefined, path: Path, checkStage: CheckStage, shape: Shape): boolean {
  const { places, report } = shape
  if (list === undefined || list === null || (Array.isArray(list) && list.length === 0)) {
    report(
      diagnostics.empty_stages(
        places.spanOf(path),
        path[0] === 'stages' && path.length === 1 ? 'A pipeline' : 'A list of stages',
      ),
    )
    return false
  }
  if (!Array.isArray(list)) {
    const hint = isJsonObject(list) ? 'Write "- id: name" for each stage.' : undefined
    const key = path.findLast((step) => typeof step === 'string')
    report(diagnostics.wrong_type(places.spanOf(path), `"${key}"`, 'a list', foundWords(list), hint))
    return false
  }
  list.forEach((stage: Json, index) => {
    list[index] = checkStage(stage, [...path, index], shape)
  })
  return true
}
