/** Whether an answer may be taken, wherever it comes in: at the door of a graph, or of an engine. */
import { InputError, ThreadError } from './errors.ts'
import { assertJson, type Json } from './json.ts'
import type { StageRunner } from './stage-runner.ts'
import { contradicts, isOpen, type Wait } from './wait.ts'
import { whyNotBy } from './who-may-decide.ts'

/** A wait and whose it is. */
export type StageWait = Wait & { readonly stage: string }

interface Given {
  readonly id: string
  readonly given: unknown
  readonly thread: string
  /** Milliseconds since 1970: whoever comes after the deadline comes too late, whether or not that was noticed. */
  readonly nowMs: number
}

/**
 * Throws ThreadError (`no_open_wait`, `wait_decided`), or InputError for what is no JSON or not what the wait demands.
 * The answer that a wait has already may be given again.
 */
export function checkAnswer(
  { id, given, thread, nowMs }: Given,
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
  if (!isOpen(wait)) return
  if (wait.due_at !== undefined && Date.parse(wait.due_at) <= nowMs) {
    throw new ThreadError('wait_decided', `The wait ${id} of stage "${wait.stage}" timed out at ${wait.due_at}.`)
  }
  const refused = whyNotBy(wait, given)
  if (refused !== undefined) throw new InputError(refused, [{ name: 'by', message: refused }])
  runner.checkAnswer(wait, given)
}

function checkJson(id: string, given: unknown): asserts given is Json {
  try {
    assertJson(given)
  } catch (cause) {
    const message = `The answer to ${id} is ${cause instanceof Error ? cause.message : String(cause)}`
    throw new InputError(message, [{ name: `wait ${id}`, message }])
  }
}
