/**
 * What a plan declares of the names in its expressions, for evaluation: with it a declared optional field that is
 * missing is null, as it was when the expression was checked.
 */
import type { JsonSchema, Plan, StagePlan } from '../plan.ts'
import type { TypeScope } from './types.ts'

/**
 * Types per place: of a stage (its `set:` also sees `output`), or of the whole pipeline. The same object every time for
 * the same place, as `EvaluationScope.types` wants it.
 */
export function createPlanTypes(plan: Plan): (stage?: StagePlan) => TypeScope {
  const outputs = new Map(plan.stages.map(({ id, output }) => [id, output ?? true]))
  const shared: Record<string, JsonSchema> = {
    inputs: record(Object.entries(plan.inputs).map(([name, { schema }]) => [name, schema])),
    vars: record(Object.entries(plan.vars).map(([name, { schema }]) => [name, schema])),
  }
  const scopeOf = (output: JsonSchema | undefined): TypeScope => ({
    names: output === undefined ? shared : { ...shared, output },
    elsewhere: {},
    stage: (id) => (outputs.has(id) ? { output: outputs.get(id) as JsonSchema, maybeAbsent: false } : undefined),
    stageNames: () => outputs.keys(),
  })
  const whole = scopeOf(undefined)
  const places = new Map<string, TypeScope>()
  return (stage) => {
    if (!stage) return whole
    const known = places.get(stage.id)
    if (known) return known
    const made = scopeOf(stage.output ?? true)
    places.set(stage.id, made)
    return made
  }
}

const record = (fields: readonly (readonly [string, JsonSchema])[]): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(fields),
  required: fields.map(([name]) => name),
})
