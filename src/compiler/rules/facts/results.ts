/** What expressions may expect of the output of a stage. */
import type { JsonSchema } from '../../../foundation/plan.ts'
import type { StageDeclaration } from '../../declarations.ts'
import { functionSchema } from './function-schema.ts'
import type { StageList } from './stage-list.ts'

/** By index in the list; `true` where nothing is known. */
export function createResults(
  declared: ReadonlyMap<number, StageDeclaration>,
  list: StageList,
): (stage: number) => JsonSchema {
  const known = new Map<number, JsonSchema>()
  return (stage) => {
    const result = known.get(stage) ?? resultOf(declared.get(stage), list.all[stage]?.onFailure)
    known.set(stage, result)
    return result
  }
}

/** Without `output:` the value that a stage goes on with after a failure may be anything. */
function resultOf(stage: StageDeclaration | undefined, onFailure: string | undefined): JsonSchema {
  if (!stage) return true
  if (stage.output !== undefined) return stage.result
  if (onFailure === 'continue_with_value') return true
  return stage.result === true ? functionSchema(stage.registered?.output, 'output') : stage.result
}
