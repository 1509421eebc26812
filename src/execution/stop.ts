/**
 * Everything that can stop a running stage, as one signal: the run's control, and the graph's caller.
 *
 * The reason says what becomes of the stage: a StageError is recorded as `cancelled`; a PauseRequested is not recorded,
 * so that the stage runs again.
 */
import { StageError } from '../foundation/errors.ts'
import { PauseRequested } from '../foundation/stage-runner.ts'
import type { RunControl } from './control.ts'

export interface Stop {
  readonly signal: AbortSignal
  /** Throws PauseRequested, or a StageError, when nothing may go on. */
  check(): void
  /** Takes its listeners away. */
  dispose(): void
}

/** `caller` is aborted by LangGraph when whoever invoked the graph gave up. */
export function createStop(control: RunControl, caller: AbortSignal | undefined): Stop {
  const controller = new AbortController()
  const onControl = () => controller.abort(reasonOf(control.signal))
  const onCaller = () => controller.abort(new PauseRequested('The caller stopped the graph.'))
  if (control.signal.aborted) onControl()
  else if (caller?.aborted) onCaller()
  control.signal.addEventListener('abort', onControl, { once: true })
  caller?.addEventListener('abort', onCaller, { once: true })

  return {
    signal: controller.signal,
    check() {
      controller.signal.throwIfAborted()
      if (control.pausing()) throw new PauseRequested('The run is being paused.')
    },
    dispose() {
      control.signal.removeEventListener('abort', onControl)
      caller?.removeEventListener('abort', onCaller)
    },
  }
}

function reasonOf({ reason }: AbortSignal): StageError | PauseRequested {
  if (reason instanceof StageError || reason instanceof PauseRequested) return reason
  return new StageError('The run was cancelled.', { category: 'cancelled', cause: reason, retryable: false })
}
