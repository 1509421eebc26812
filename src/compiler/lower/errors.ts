/** How a raw LangGraph caller sees that a pipeline did not succeed: thrown by `finish`, after everything was saved. */
import { StagegraphError } from '../../foundation/errors.ts'
import type { RunResult } from '../../foundation/events.ts'

/** The pipeline failed or was cancelled. `code` is that of the failure, `result` all there is to know. */
export class PipelineFailedError extends StagegraphError {
  readonly code: string
  readonly result: RunResult
  constructor(message: string, result: RunResult) {
    super(message)
    this.code = result.error?.code ?? result.status
    this.result = result
  }
}

/** A planned stage has no outcome although nothing is left that could run. */
export class PipelineIncompleteError extends StagegraphError {
  readonly code = 'incomplete'
  readonly result: RunResult
  constructor(message: string, result: RunResult) {
    super(message)
    this.result = result
  }
}
