/**
 * What happens where LangGraph does not do what `flow` relies on: the pipeline is run by `stages`, and says so.
 *
 * `.graph()` returns at once and the self-test takes a moment, so a `flow` graph finds out at its first call, and from
 * then on hands every call to the graph that stands in for it.
 */
import type { RunEventBody } from '../../foundation/events.ts'
import type { Lowering } from '../../foundation/outcome.ts'
import type { Internal, SelfTest } from './self-test.ts'

/** Said by whoever runs a pipeline by `stages` that was to be run by `flow`. */
export const flowUnsupported = (failed: readonly Internal[]): RunEventBody => ({
  type: 'run.warned',
  code: 'flow_unsupported',
  message: `${lacking(failed)} The pipeline is run by "stages".`,
})

/** How pipelines are run here that are to be run by `wanted`, and what is to be said about it. */
export async function lowerAs(wanted: Lowering, selfTest: SelfTest): Promise<Lowered> {
  const failed = wanted === 'flow' ? await selfTest() : []
  return failed.length === 0 ? { lowering: wanted } : { lowering: 'stages', warning: flowUnsupported(failed) }
}

export interface Lowered {
  readonly lowering: Lowering
  readonly warning?: RunEventBody
}

export const lacking = (failed: readonly Internal[]): string =>
  `This copy of LangGraph does not do what the lowering "flow" relies on: ${failed.join(', ')}.`

/** The key under which a call's warning travels to the first node it runs, which has the stream to say it in. */
export const warningKey = '__stagegraph_warning'

export interface Warning {
  /** The event, once. */
  take(): RunEventBody | undefined
}

export function createWarning(event: RunEventBody): Warning {
  let untold: RunEventBody | undefined = event
  return {
    take() {
      const told = untold
      untold = undefined
      return told
    },
  }
}
