/** Stages looked at before a run starts: what could not work is refused whole, before any effect. */
import { resolve } from 'node:path'
import { InputError, type InputProblem, toStageError } from '../foundation/errors.ts'
import { handledBy, listsOf, listsOfPipeline, type Plan, type StagePlan } from '../foundation/plan.ts'
import type { PreflightHost, StageKinds } from '../foundation/stage-kind.ts'

/** Throws InputError with the problem of every stage that has one. */
export async function preflight(plan: Plan, kinds: StageKinds, host: PreflightHost): Promise<void> {
  const problems: InputProblem[] = []
  for (const { stage, directory } of placed(listsOfPipeline(plan).flat(), '.')) {
    try {
      const looking = kinds.get(stage.kind)?.preflight?.(stage.config, {
        ...host,
        directory: resolve(host.directory, directory),
      })
      if (looking) await looking
    } catch (thrown) {
      problems.push({ name: `stages.${stage.id}`, message: toStageError(thrown).message })
    }
  }
  if (problems.length === 0) return
  const lines = problems.map(({ name, message }) => `  ${name}: ${message}`)
  throw new InputError(`Pipeline "${plan.name}" cannot start:\n${lines.join('\n')}`, problems)
}

/** Every stage, also those inside others, of handlers and of rollbacks, with the folder that its relative paths start at. */
function placed(
  stages: readonly StagePlan[],
  directory: string,
): { readonly stage: StagePlan; readonly directory: string }[] {
  return stages.flatMap((stage) => {
    const within = stage.body?.kind === 'pipeline' ? stage.body.child.directory : directory
    const body = stage.body?.kind === 'pipeline' ? listsOfPipeline(stage.body.child) : listsOf(stage)
    const undo = stage.rollback ? [{ stage: stage.rollback.stage, directory }] : []
    const handlers = handledBy(stage.onError).flatMap((list) => placed(list, directory))
    return [{ stage, directory }, ...body.flatMap((list) => placed(list, within)), ...handlers, ...undo]
  })
}
