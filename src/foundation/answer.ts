/** Whether an answer may be taken, wherever it comes in: at the door of a graph, or of an engine. */
import { InputError, ThreadError } from './errors.ts'
import { assertJson, type Json } from './json.ts'
import type { StageRunner } from './stage-runner.ts'
import { contradicts, isOpen, type Wait } from './wait.ts'

/** A wait and whose it is. */
export type StageWait = Wait & { readonly stage: string }

/**
 * Throws ThreadError (`no_open_wait`, `wait_decided`), or InputError for what is no JSON or not what the wait demands.
 * The answer that a wait has already may be given again.
 */
export function checkAnswer(
  { id, given, thread }: { readonly id: string; readonly given: unknown; readonly thread: string },
  wait: StageWait | undefined,
  runner: Pick<StageRunner, 'checkAnswer'>,
): void {
  checkJson(id, given)
  if (!wait) throw new ThreadError('no_open_wait', `Thread "${thread}" has no open wait ${id}.`)
  if (contradicts(wait, given)) {
    const why =
      wait.without === undefined ? 'has another answer already' : `${wait.without.replace('_', ' ')} without one`
    throw new ThreadError('wait_decided', `The wait ${id} of stage "${wait.stage}" ${why}.`, {
      hint: 'The first answer stands.',
    })
  }
  if (isOpen(wait)) runner.checkAnswer(wait, given)
}

function checkJson(id: string, given: unknown): asserts given is Json {
  try {
    assertJson(given)
  } catch (cause) {
    const message = `The answer to ${id} is ${cause instanceof Error ? cause.message : String(cause)}`
    throw new InputError(message, [{ name: `wait ${id}`, message }])
  }
}
