/** For commands that only look: Ctrl-C, or a reader that went away, ends the looking and nothing else. */
import { type ExitCode, interrupted } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

export interface StopSignal {
  readonly signal: AbortSignal
  /** 130 after Ctrl-C, else 0. */
  readonly code: ExitCode
  dispose(): void
}

export function stopSignal(terminal: Terminal): StopSignal {
  const stop = new AbortController()
  let code: ExitCode = 0
  const stopListening = terminal.onInterrupt(() => {
    code = interrupted
    stop.abort()
  })
  return {
    signal: AbortSignal.any([stop.signal, terminal.out.closed]),
    get code() {
      return code
    },
    dispose: stopListening,
  }
}
