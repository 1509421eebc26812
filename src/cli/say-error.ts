/**
 * What the command line says when something was thrown: a sentence and what to do, never a stack trace. Anything that is
 * not an error of ours is a bug, and says so.
 */
import { InputError, StagegraphError } from '../foundation/errors.ts'
import { type ExitCode, exitCodeOfError, interrupted } from './exit-codes.ts'
import { safeText } from './render/text.ts'
import { Interrupted } from './terminal.ts'

export interface SaidError {
  readonly code: ExitCode
  readonly text: string
  /** The same for `--json`. */
  readonly json: { readonly type: 'error'; readonly error: Readonly<Record<string, unknown>> }
}

/** `showStack`: a bug's stack is wanted (STAGEGRAPH_DEBUG=1). */
export function describeError(thrown: unknown, showStack: boolean): SaidError {
  if (thrown instanceof Interrupted) return said(interrupted, 'Interrupted; nothing was run.', { code: 'interrupted' })
  if (!(thrown instanceof StagegraphError)) return bug(thrown, showStack)
  const { message, hint, code } = thrown
  const problems = thrown instanceof InputError ? thrown.problems : []
  const unsaid = problems.filter((problem) => !message.includes(problem.message))
  const lines = [`error: ${message}`, ...unsaid.map(({ name, message }) => `  ${name}: ${message}`), hint ?? '']
  return said(exitCodeOfError(thrown), lines.filter(Boolean).join('\n'), {
    code,
    message,
    ...(hint !== undefined && { hint }),
    ...(problems.length > 0 && { problems }),
  })
}

/** An error that was thrown where nobody could catch it: in a timer, or by a promise that nobody awaited. */
export function describeStray(thrown: unknown, showStack: boolean): SaidError {
  const message = messageOf(thrown)
  const lines = [
    `error: Something that no stage waited for failed, and ended the process: ${message}`,
    'A run that was going on can be resumed: stagegraph runs',
    whereFrom(thrown, showStack),
  ]
  return said(1, lines.join('\n'), { code: 'uncaught', message })
}

function bug(thrown: unknown, showStack: boolean): SaidError {
  const message = messageOf(thrown)
  return said(1, `This is a bug in stagegraph: ${message}\n${whereFrom(thrown, showStack)}`, { code: 'bug', message })
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

const whereFrom = (thrown: unknown, showStack: boolean): string =>
  (showStack && thrown instanceof Error && thrown.stack) || 'Set STAGEGRAPH_DEBUG=1 to see where it comes from.'

const said = (code: ExitCode, text: string, error: Readonly<Record<string, unknown>>): SaidError => ({
  code,
  text: safeText(text),
  json: { type: 'error', error },
})
