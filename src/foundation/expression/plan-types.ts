/**
 * What a plan declares of the names in its expressions, for evaluation: with it a declared optional field that is
 * missing is null, as it was when the expression was checked.
 */
import type { Json } from '../json.ts'
import { type ChildPlan, handledBy, type JsonSchema, listsOf, listsOfPipeline, type StagePlan } from '../plan.ts'
import type { Template } from '../template.ts'
import {
  bodyFields,
  closedMap,
  failureSchema,
  foreachNames,
  itemSchema,
  listOf,
  loopNames,
  orNull,
} from './body-types.ts'
import { createChecker } from './check.ts'
import type { TypeScope } from './types.ts'

/** Where an expression stands: in a stage's own list, or in the body of a stage (`while`, `until`, `result`). */
export type TypePlace = 'beside' | 'inside'

/**
 * Types per place: of a stage (its `set:` and `rollback:` also see `output`), or of the whole pipeline. The same object every time for
 * the same place, as `EvaluationScope.types` wants it.
 */
export function createPlanTypes(plan: TypedPipeline): (stage?: StagePlan, place?: TypePlace) => TypeScope {
  const stages = new Map<StagePlan, StageTypes>()
  const whole = addPipeline(plan, stages)
  return (stage, place = 'beside') => (stage ? (stages.get(stage)?.[place]() ?? whole) : whole)
}

type TypedPipeline = Pick<ChildPlan, 'inputs' | 'vars' | 'stages' | 'finally' | 'onError'>
type StageTypes = Readonly<Record<TypePlace, () => TypeScope>>
type Names = Readonly<Record<string, JsonSchema>>

/** Adds the types of every stage of a pipeline, and of those inside it. */
function addPipeline(pipeline: TypedPipeline, known: Map<StagePlan, StageTypes>): TypeScope {
  const checker = createChecker()
  const byId = new Map<string, StagePlan>()
  const outputs = new Map<StagePlan, JsonSchema>()
  const shared: Names = {
    inputs: closedMap(Object.entries(pipeline.inputs).map(([name, { schema }]) => [name, schema])),
    vars: closedMap(Object.entries(pipeline.vars).map(([name, { schema }]) => [name, schema])),
    // Where they have no value nobody asks for their types.
    error: failureSchema,
    run: { type: 'object', properties: { error: orNull(failureSchema) as Json } },
  }

  const scopeOf = (names: Names): TypeScope => ({
    names,
    elsewhere: {},
    stage(id) {
      const stage = byId.get(id)
      return stage && { output: outputOf(stage), maybeAbsent: false, fields: bodyFields(stage.body?.kind, false) }
    },
    stageNames: () => byId.keys(),
  })

  function addList(list: readonly StagePlan[], namesOf: () => Names): void {
    for (const stage of list) {
      byId.set(stage.id, stage)
      const beside = once(() => scopeOf({ ...namesOf(), output: outputOf(stage) }))
      const namesInside = once(() => ({ ...namesOf(), ...namesOfBody(stage, beside()) }))
      known.set(stage, { beside, inside: once(() => scopeOf(namesInside())) })
      if (stage.body?.kind === 'pipeline') addPipeline(stage.body.child, known)
      else for (const inner of listsOf(stage)) addList(inner, namesInside)
      for (const handled of handledBy(stage.onError)) addList(handled, namesOf)
    }
  }

  function namesOfBody({ body }: StagePlan, scope: TypeScope): Names {
    if (body?.kind === 'foreach') return foreachNames(body.as, itemSchema(typeOf(body.list, scope)))
    if (body?.kind !== 'loop') return {}
    return loopNames(body.stages.map((stage) => [stage.id, stage.output ?? true]))
  }

  function outputOf(stage: StagePlan): JsonSchema {
    const found = outputs.get(stage)
    if (found !== undefined) return found
    outputs.set(stage, true) // what asks for its own output learns nothing of it
    const made = stage.output === undefined ? outputOfBody(stage) : wholeOutput(stage, stage.output)
    outputs.set(stage, made)
    return made
  }

  function outputOfBody(stage: StagePlan): JsonSchema {
    const { body } = stage
    switch (body?.kind) {
      case 'foreach':
        return listOf(valueOfBody(stage, body))
      case 'loop':
        return valueOfBody(stage, body)
      case 'parallel':
        return closedMap(body.branches.map(({ name, stages }) => [name, lastOutput(stages)]))
      default:
        return true
    }
  }

  function valueOfBody(stage: StagePlan, body: { result?: Template; stages: readonly StagePlan[] }): JsonSchema {
    const inside = known.get(stage)?.inside
    return body.result && inside ? typeOf(body.result, inside()) : lastOutput(body.stages)
  }

  function lastOutput(list: readonly StagePlan[]): JsonSchema {
    const last = list.at(-1)
    return last ? outputOf(last) : true
  }

  function typeOf(template: Template, scope: TypeScope): JsonSchema {
    switch (template.kind) {
      case 'literal':
        return { const: template.value }
      case 'text':
        return { type: 'string' }
      case 'expression':
        return checker.check(template.source, scope).type
      case 'list':
        return { type: 'array', prefixItems: template.items.map((item) => typeOf(item, scope) as Json) }
      case 'map':
        return closedMap(template.entries.map(([key, inner]) => [key, typeOf(inner, scope)]))
    }
  }

  for (const list of listsOfPipeline(pipeline)) addList(list, () => shared)
  return scopeOf(shared)
}

/** In a foreach `output:` is the schema of one item. */
const wholeOutput = ({ body }: StagePlan, output: JsonSchema): JsonSchema =>
  body?.kind === 'foreach' ? listOf(output) : output

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
