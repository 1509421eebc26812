/** What a plan and a pipeline inside one have in common: what is declared, and the stages. */
import {
  type ChildPlan,
  type InputPlan,
  type MergeName,
  mergeNames,
  type StagePlan,
  type VariablePlan,
} from '../../foundation/plan.ts'
import { parseReference } from '../../foundation/uses/reference.ts'
import type { Declarations, InputDeclaration, VariableDeclaration } from '../declarations.ts'
import type { PipelineSpec } from '../spec.ts'
import type { ListedStage } from '../stage-tree.ts'
import { planPipelineOnError } from './handlers.ts'
import { templates } from './templates.ts'

/** What the stages of a pipeline need to know of it. */
export interface PlannedPipeline {
  readonly declarations: Declarations
  readonly defaults: PipelineSpec['defaults']
  /** Absolute path of the folder that paths in the plan start at: that of the outermost pipeline. */
  readonly home: string
}

/** Hands on the planning of one stage: stages hold bodies, and bodies stages. */
export type PlanStage = (stage: ListedStage, pipeline: PlannedPipeline) => StagePlan

/** The contents of a pipeline, without the folder it stands in. */
export const planContents = (
  spec: PipelineSpec,
  declared: Declarations,
  plan: (stage: ListedStage) => StagePlan,
): Omit<ChildPlan, 'directory'> => ({
  name: spec.name,
  ...(spec.version !== undefined && { version: spec.version }),
  inputs: mapValues(declared.inputs, planInput),
  vars: mapValues(declared.vars, planVariable),
  models: spec.models ?? {},
  env: [...declared.env].map(([name, preset]) => ({ name, ...(preset !== undefined && { default: preset }) })),
  secrets: [...declared.secrets],
  stages: declared.tree.root.all.map(plan),
  ...planEnds(spec, declared, plan),
  outputs: templates(spec.outputs),
})

function planEnds(
  spec: PipelineSpec,
  { tree }: Declarations,
  plan: (stage: ListedStage) => StagePlan,
): Pick<ChildPlan, 'finally' | 'onError'> {
  const onError = planPipelineOnError(spec.on_error, tree.onError, plan)
  return { ...(onError && { onError }), ...(tree.finally && { finally: tree.finally.all.map(plan) }) }
}

const planInput = ({ schema, required, default: preset, description }: InputDeclaration): InputPlan => ({
  schema,
  required,
  ...(preset !== undefined && { default: preset }),
  ...(description !== undefined && { description }),
})

function planVariable({ schema, merge, default: preset }: VariableDeclaration): VariablePlan {
  return { schema, merge: planMerge(merge), ...(preset !== undefined && { default: preset }) }
}

function planMerge(merge: string): VariablePlan['merge'] {
  if ((mergeNames as readonly string[]).includes(merge)) return merge as MergeName
  const reference = parseReference(merge)
  if (reference?.kind !== 'file') throw new Error(`"${merge}" was checked to name a reducer`)
  return { file: reference.path, export: reference.export }
}

const mapValues = <A, B>(map: ReadonlyMap<string, A>, make: (value: A) => B): Record<string, B> =>
  Object.fromEntries([...map].map(([name, value]) => [name, make(value)]))
