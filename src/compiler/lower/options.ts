/** Options of a LangGraph call that would go wrong in silence, refused with a sentence. */
import { ThreadError } from '../../foundation/errors.ts'
import type { Plan } from '../../foundation/plan.ts'
import { didYouMean } from '../../foundation/suggest.ts'

export interface CallOptions {
  readonly interruptBefore?: unknown
  readonly interruptAfter?: unknown
  readonly maxConcurrency?: number | undefined
}

/** Throws ThreadError (`unsupported_option`, `unknown_stage`). */
export function refuseUnsupported(plan: Plan, options: CallOptions): void {
  if (options.maxConcurrency === 1) {
    throw new ThreadError('unsupported_option', 'LangGraph drops work when maxConcurrency is 1.', {
      hint: 'Write limits: { concurrency: 1 } in the pipeline instead.',
    })
  }
  const nodes = [...plan.stages.map(({ id }) => id), 'settle', 'finish']
  checkNames('interruptBefore', options.interruptBefore, nodes)
  checkNames('interruptAfter', options.interruptAfter, nodes)
}

function checkNames(option: string, names: unknown, nodes: readonly string[]): void {
  if (!Array.isArray(names)) return // absent, or '*'
  const wrong = names.find((name) => !nodes.includes(name))
  if (wrong === undefined) return
  const hint = didYouMean(String(wrong), nodes)
  throw new ThreadError('unknown_stage', `${option}: there is no stage "${wrong}".`, hint === undefined ? {} : { hint })
}
