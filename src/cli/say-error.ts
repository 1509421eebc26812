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
  const lines = [`error: ${message}`, ...unsaid.map(({ name, message }) => `  ${name} ${message}`), hint ?? '']
  return said(exitCodeOfError(thrown), lines.filter(Boolean).join('\n'), {
    code,
    message,
    ...(hint !== undefined && { hint }),
    ...(problems.length > 0 && { problems }),
  })
}

function bug(thrown: unknown, showStack: boolean): SaidError {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const stack = showStack && thrown instanceof Error ? (thrown.stack ?? '') : ''
  const advice = stack || 'Set STAGEGRAPH_DEBUG=1 to see where it comes from.'
  return said(1, `This is a bug in stagegraph: ${message}\n${advice}`, { code: 'bug', message })
}

const said = (code: ExitCode, text: string, error: Readonly<Record<string, unknown>>): SaidError => ({
  code,
  text: safeText(text),
  json: { type: 'error', error },
})
