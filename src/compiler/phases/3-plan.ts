/**
 * Plan: a checked pipeline → frozen plain JSON with a content hash. The third phase of the compiler.
 *
 * Everything is filled in (`../plan/`): defaults, durations in milliseconds, schemas, prompts as text, expressions in
 * canonical form, so that the hash ignores formatting and changes with meaning.
 */
import { parseDuration } from '../../foundation/duration.ts'
import { canonicalExpression } from '../../foundation/expression/canonical.ts'
import { deepFreeze, digest } from '../../foundation/json.ts'
import { type Plan, planFormat, type TriggerPlan } from '../../foundation/plan.ts'
import type { Declarations } from '../declarations.ts'
import type { ParsedPipeline } from '../parsed.ts'
import { planFiles } from '../plan/child.ts'
import { hashed } from '../plan/hashed.ts'
import { planContents } from '../plan/pipeline.ts'
import { planStage } from '../plan/stage.ts'
import { templates } from '../plan/templates.ts'
import type { PipelineSpec } from '../spec.ts'

/** How many stages run side by side unless `limits.concurrency` says otherwise. */
const defaultConcurrency = 8

export interface Origin {
  readonly file: string | null
  readonly directory: string
}

/** The pipeline must have been checked without errors. */
export function makePlan({ spec }: ParsedPipeline, declared: Declarations, origin: Origin): Plan {
  const { timeout, deadline, concurrency = defaultConcurrency } = spec.limits ?? {}
  const pipeline = { declarations: declared, defaults: spec.defaults, home: origin.directory }
  const contents = planContents(spec, declared, (stage) => planStage(stage, pipeline))
  const content = {
    format: planFormat,
    ...contents,
    ...(spec.description !== undefined && { description: spec.description }),
    limits: {
      ...(timeout !== undefined && { timeoutMs: parseDuration(timeout) ?? 0 }),
      ...(deadline !== undefined && { deadlineMs: parseDuration(deadline) ?? 0 }),
      concurrency,
    },
    ...(spec.triggers && { triggers: spec.triggers.map(planTrigger) }),
    ...(spec.events && { events: planEvents(spec.events) }),
    files: planFiles(declared, origin.directory),
    recursionLimit: supersteps(contents.stages.length),
  } satisfies Omit<Plan, 'hash' | 'origin'>
  return deepFreeze({ ...content, hash: digest(hashed(content)), origin })
}

/**
 * Supersteps of the `stages` lowering at most: one per stage in a chain, the input's, `settle` and `finish`, and as many
 * again for what an edit from outside repeats.
 */
const supersteps = (stages: number): number => 2 * stages + 10

function planTrigger(written: NonNullable<PipelineSpec['triggers']>[number]): TriggerPlan {
  const { event, match, pipeline, status = ['succeeded'] } = written
  const given = { with: templates(written.with) }
  if (pipeline !== undefined) return { kind: 'pipeline', pipeline, status, ...given }
  return {
    kind: 'event',
    event: event ?? '',
    ...(match !== undefined && { match: canonicalExpression(match) }),
    ...given,
  }
}

const planEvents = (events: NonNullable<PipelineSpec['events']>): NonNullable<Plan['events']> =>
  Object.fromEntries(
    Object.entries(events).map(([name, { retain }]) => [name, { retainMs: parseDuration(retain) ?? 0 }]),
  )
