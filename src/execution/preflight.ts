/** Stages looked at before a run starts: what could not work is refused whole, before any effect. */
import { resolve } from 'node:path'
import { InputError, type InputProblem, toStageError } from '../foundation/errors.ts'
import { listsOf, type Plan, type StagePlan } from '../foundation/plan.ts'
import type { PreflightHost, StageKinds } from '../foundation/stage-kind.ts'

/** Throws InputError with the problem of every stage that has one. */
export async function preflight(plan: Plan, kinds: StageKinds, host: PreflightHost): Promise<void> {
  const problems: InputProblem[] = []
  for (const { stage, directory } of placed(plan.stages, '.')) {
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

/** Every stage, those inside others too, with the folder that its relative paths start at. */
function placed(
  stages: readonly StagePlan[],
  directory: string,
): { readonly stage: StagePlan; readonly directory: string }[] {
  return stages.flatMap((stage) => {
    const within = stage.body?.kind === 'pipeline' ? stage.body.child.directory : directory
    return [{ stage, directory }, ...listsOf(stage).flatMap((list) => placed(list, within))]
  })
}
