/** Options of a LangGraph call that would go wrong in silence, refused with a sentence. */
import { ThreadError } from '../../foundation/errors.ts'
import { didYouMean } from '../../foundation/suggest.ts'
import type { PipelineParts } from './thread.ts'

export interface CallOptions {
  readonly interruptBefore?: unknown
  readonly interruptAfter?: unknown
  readonly maxConcurrency?: number | undefined
}

/** Throws ThreadError (`unsupported_option`, `unknown_stage`). */
export function refuseUnsupported({ plan, nodes }: PipelineParts, options: CallOptions): void {
  if (options.maxConcurrency === 1) {
    throw new ThreadError('unsupported_option', 'LangGraph drops work when maxConcurrency is 1.', {
      hint: 'Write limits: { concurrency: 1 } in the pipeline instead.',
    })
  }
  const stages = plan.stages.map(({ id }) => id)
  checkNames('interruptBefore', options.interruptBefore, nodes, stages)
  checkNames('interruptAfter', options.interruptAfter, nodes, stages)
}

function checkNames(option: string, names: unknown, nodes: readonly string[], stages: readonly string[]): void {
  if (!Array.isArray(names)) return // absent, or '*'
  const wrong = names.find((name) => !nodes.includes(name))
  if (wrong === undefined) return
  if (stages.includes(wrong)) {
    throw new ThreadError('unsupported_option', `${option}: stage "${wrong}" is no node of this graph.`, {
      hint: "Its stages run inside one node, `flow`. For a node per stage: graph({ lowering: 'stages' }).",
    })
  }
  const hint = didYouMean(String(wrong), nodes)
  throw new ThreadError('unknown_stage', `${option}: there is no stage "${wrong}".`, hint === undefined ? {} : { hint })
}
