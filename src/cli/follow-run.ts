/** Shows a run until it ends or pauses, obeys Ctrl-C on the way, says what to do next. Gives the exit code. */
import type { Run } from '../execution/run.ts'
import { type ExitCode, exitCodeOf, interrupted } from './exit-codes.ts'
import { createInterrupts } from './interrupt.ts'
import type { NextSteps } from './next-steps.ts'
import { endingLines } from './render/ending.ts'
import type { Renderer } from './render/renderer.ts'
import type { Output, Terminal } from './terminal.ts'

export interface FollowPorts {
  readonly terminal: Terminal
  readonly renderer: Renderer
  readonly next: NextSteps
  /** Where the last words go: not to stdout when that is JSON. */
  readonly ending: Output
  /** Events up to this `seq` are old. */
  readonly after: number
}

export async function followRun(run: Run, ports: FollowPorts): Promise<ExitCode> {
  const { terminal, renderer, next, ending } = ports
  const interrupts = createInterrupts({
    run,
    clock: terminal.clock,
    note: renderer.note,
    leave() {
      run.abandon()
      renderer.end()
      terminal.err.write(`Left at once. Go on with: ${next.resume}\n`)
      terminal.exit(interrupted)
    },
  })
  const stopListening = terminal.onInterrupt(interrupts.interrupt)
  try {
    for await (const event of run.events({ after: ports.after })) renderer.event(event)
    const result = await run.result
    renderer.end()
    ending.write(`${endingLines(result, next, ending.style).join('\n')}\n`)
    return interrupts.asked !== 'nothing' && result.status === 'paused' ? interrupted : exitCodeOf(result)
  } finally {
    interrupts.dispose()
    stopListening()
    renderer.end()
  }
}
