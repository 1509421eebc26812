/** What expressions may expect of the output of a stage. */
import { closedMap, itemSchema, listOf, orNull } from '../../../foundation/expression/body-types.ts'
import type { Json } from '../../../foundation/json.ts'
import type { JsonSchema } from '../../../foundation/plan.ts'
import type { Declarations, StageDeclaration } from '../../declarations.ts'
import type { Path } from '../../parsed.ts'
import type { ListedStage, StageList } from '../../stage-tree.ts'
import { functionSchema } from './function-schema.ts'
import type { FactsOf } from './lists.ts'
import { mayBeNull, mayLackValue } from './values.ts'

export interface Results {
  /** Of a stage; `true` where nothing is known. */
  of(stage: ListedStage): JsonSchema
  /** Of an item of a foreach. */
  itemOf(foreach: ListedStage): JsonSchema
  /** What the stage itself says of its output, without a look at expressions. */
  declaredBy(stage: ListedStage): JsonSchema
}

/** `typeAt` says what is known of a value as written at a path. */
export function createResults(
  declared: Declarations,
  factsOf: FactsOf,
  typeAt: (value: Json, path: Path) => JsonSchema,
): Results {
  const known = new Map<ListedStage, JsonSchema>()

  function of(stage: ListedStage): JsonSchema {
    const found = known.get(stage)
    if (found !== undefined) return found
    known.set(stage, true) // in a cycle of needs nothing is known of it
    const made = make(stage)
    known.set(stage, made)
    return made
  }

  /** Without `output:` the value that a stage goes on with after a failure may be anything. */
  function make(stage: ListedStage): JsonSchema {
    const declaration = declared.of(stage)
    if (!declaration) return true
    if (declaration.kind.body) return bodyResult(stage, declaration)
    if (declaration.output !== undefined) return declaration.result
    if (stage.onFailure.continuesWithValue) return true
    const { result, registered } = declaration
    return result === true ? functionSchema(registered?.output, 'output') : result
  }

  function bodyResult(stage: ListedStage, { kind, output, child }: StageDeclaration): JsonSchema {
    if (output !== undefined) return wholeOutput(stage, output)
    if (stage.onFailure.continuesWithValue) return true
    switch (kind.body?.kind) {
      case 'foreach':
        return listOf(orNullIf(mayFailItems(stage), bodyValue(stage)))
      case 'loop':
        return orNullIf(mayLackValue(stage, factsOf), bodyValue(stage))
      case 'switch':
        return eitherOf(stage.lists.map(lastOutput))
      case 'parallel':
        return closedMap(stage.lists.map((list) => [String(list.path.at(-1)), lastOutput(list)] as const))
      default:
        return child?.outputs ?? true
    }
  }

  /** The value of the body of a foreach or loop. */
  function bodyValue({ spec, path, lists: [list] }: ListedStage): JsonSchema {
    if (spec.result !== undefined) return typeAt(spec.result as Json, [...path, 'result'])
    return list ? lastOutput(list) : true
  }

  function lastOutput(list: StageList): JsonSchema {
    const last = list.all.at(-1)
    if (!last) return true
    return orNullIf(mayBeNull(last, factsOf), of(last))
  }

  return {
    of,
    itemOf: ({ spec, path }) => itemSchema(typeAt(spec.foreach as Json, [...path, 'foreach'])),
    declaredBy(stage) {
      const { kind, output, result } = declared.of(stage) ?? {}
      if (!kind?.body) return result ?? true
      return output === undefined ? true : wholeOutput(stage, output)
    },
  }
}

/** What `output:` says of the whole output: in a foreach it is the schema of one item. */
export function wholeOutput(stage: ListedStage, output: JsonSchema): JsonSchema {
  return stage.kind?.body?.kind === 'foreach' ? listOf(orNullIf(mayFailItems(stage), output)) : output
}

const mayFailItems = ({ spec }: ListedStage): boolean => spec.on_item_error === 'continue'

const orNullIf = (isNullable: boolean, schema: JsonSchema): JsonSchema => (isNullable ? orNull(schema) : schema)

function eitherOf(schemas: readonly JsonSchema[]): JsonSchema {
  if (schemas.length === 0 || schemas.includes(true)) return true
  const [first] = schemas
  return schemas.length === 1 ? (first as JsonSchema) : { anyOf: schemas as readonly Json[] }
}
