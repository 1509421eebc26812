/**
 * What the hash of a plan is made of: the plan without the order of things whose order means nothing. `digest` sorts the
 * keys of plain maps; entries of templates, branches, and names of env and secrets are lists in a plan, so they are sorted
 * here.
 */
import { isJsonObject, type Json, type JsonObject } from '../../foundation/json.ts'
import type { BodyPlan, ChildPlan, OnErrorPlan, PipelineOnErrorPlan, Plan, StagePlan } from '../../foundation/plan.ts'

export const hashed = (content: Omit<Plan, 'hash' | 'origin'>): Json => hashedPipeline(content) as unknown as Json

type Pipeline = Pick<ChildPlan, 'env' | 'secrets' | 'stages' | 'outputs' | 'finally' | 'onError'>

const hashedPipeline = <P extends Pipeline>(content: P): P => ({
  ...content,
  env: content.env.toSorted(byName),
  secrets: content.secrets.toSorted(),
  stages: content.stages.map(hashedStage),
  outputs: sorted(content.outputs),
  ...(content.finally && { finally: content.finally.map(hashedStage) }),
  ...(content.onError && { onError: hashedOnError(content.onError) }),
})

/** Schemas are data and left as they are. */
function hashedStage({ output, body, onError, rollback, ...stage }: StagePlan): StagePlan {
  return {
    ...sorted(stage),
    onError: hashedOnError(onError),
    ...(rollback && { rollback: { ...rollback, stage: hashedStage(rollback.stage) } }),
    ...(output !== undefined && { output }),
    ...(body && { body: hashedBody(body) }),
  }
}

function hashedOnError<OnError extends OnErrorPlan | PipelineOnErrorPlan>(onError: OnError): OnError {
  if (onError.do !== 'handle') return sorted(onError)
  const handlers = onError.handlers.map(({ stages, ...own }) => ({ ...sorted(own), stages: stages.map(hashedStage) }))
  return { ...onError, handlers }
}

function hashedBody(body: BodyPlan): BodyPlan {
  switch (body.kind) {
    case 'foreach':
    case 'loop': {
      const { stages, ...own } = body
      return { ...sorted(own), stages: stages.map(hashedStage) } as BodyPlan
    }
    case 'switch':
      return { ...body, cases: body.cases.map(({ stages, ...own }) => ({ ...own, stages: stages.map(hashedStage) })) }
    case 'parallel': {
      const branches = body.branches.map(({ name, stages }) => ({ name, stages: stages.map(hashedStage) }))
      return { ...body, branches: branches.toSorted(byName) }
    }
    case 'pipeline':
      return { ...body, with: sorted(body.with), child: hashedPipeline(body.child) }
  }
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1)

const sorted = <T>(value: T): T => sortedEntries(value as Json) as T

/** Sorts the entries of every map template inside; what stands in a literal is data and left as it is. */
function sortedEntries(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortedEntries)
  if (!isJsonObject(value) || value.kind === 'literal') return value
  const inner: JsonObject = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, sortedEntries(each)]))
  if (inner.kind !== 'map' || !Array.isArray(inner.entries)) return inner
  const entries = inner.entries as readonly (readonly [string, Json])[]
  return { ...inner, entries: entries.toSorted(([a], [b]) => (a < b ? -1 : 1)) }
}
