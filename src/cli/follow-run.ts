/** Shows a run until it ends or pauses, obeys Ctrl-C on the way, says what to do next. Gives the exit code. */
import type { Run } from '../execution/run.ts'
import type { OpenWait } from '../foundation/wait.ts'
import { type ExitCode, exitCodeOf, interrupted } from './exit-codes.ts'
import { createInterrupts, type Interrupts } from './interrupt.ts'
import type { NextSteps } from './next-steps.ts'
import { type Ended, endingLines } from './render/ending.ts'
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
  /** What the run waits for. */
  pending(): Promise<readonly OpenWait[]>
  /** Cancels the run when it has already paused here. */
  cancelPaused(): Promise<Ended>
}

export async function followRun(run: Run, ports: FollowPorts): Promise<ExitCode> {
  const { terminal, renderer, ending, next } = ports
  const interrupts = interruptsOf(run, ports)
  const stopListening = terminal.onInterrupt(interrupts.interrupt)
  try {
    for await (const event of run.events({ after: ports.after })) renderer.event(event)
    const result = await run.result
    // The second Ctrl-C may have come when the last stage was done and the run had just paused.
    const cameLate = interrupts.asked === 'cancel' && result.status === 'paused'
    const ended = cameLate ? await ports.cancelPaused() : result
    renderer.end()
    const waits = ended.status === 'waiting' ? await ports.pending() : []
    ending.write(`${endingLines(ended, next, ending.style, waits).join('\n')}\n`)
    return interrupts.asked !== 'nothing' && ended.status === 'paused' ? interrupted : exitCodeOf(ended)
  } finally {
    interrupts.dispose()
    stopListening()
    renderer.end()
  }
}

function interruptsOf(run: Run, { terminal, renderer, next }: FollowPorts): Interrupts {
  const interrupts = createInterrupts({
    run,
    clock: terminal.clock,
    note: renderer.note,
    leave() {
      run.abandon()
      renderer.end()
      const cancelled = interrupts.asked === 'cancel'
      terminal.err.write(
        cancelled
          ? `Left at once. The run is cancelled; its record is finished with: ${next.resume}\n`
          : `Left at once. Go on with: ${next.resume}\n`,
      )
      terminal.exit(interrupted)
    },
  })
  return interrupts
}
