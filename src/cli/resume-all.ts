/** `stagegraph resume --all`: every run whose process died is gone on with; a line for each when it ends. */
import type { Recovered } from '../execution/recover.ts'
import type { PipelineResult, Run } from '../execution/run.ts'
import type { StagegraphError } from '../foundation/errors.ts'
import { type ExitCode, exitCodeOf, exitCodeOfError, interrupted } from './exit-codes.ts'
import type { OpenEngine } from './open-engine.ts'
import { failureLine } from './render/ending.ts'
import { writeJson } from './render/json.ts'
import { safeLine } from './render/text.ts'
import { describeError } from './say-error.ts'
import type { Terminal } from './terminal.ts'

/** 0 when all succeeded, and when there was none; otherwise the code of the first that did not. */
export async function resumeAll({ engine }: OpenEngine, terminal: Terminal, json: boolean): Promise<ExitCode> {
  const recovered = await engine.recover()
  if (recovered.length === 0) terminal.err.write('There is no run whose process died.\n')
  const interrupts = listen(
    recovered.flatMap((each) => ('run' in each ? [each.run] : [])),
    terminal,
  )
  try {
    const codes = await Promise.all(recovered.map((each) => toEnd(each, terminal, json)))
    return interrupts.came() ? interrupted : (codes.find((code) => code !== 0) ?? 0)
  } finally {
    interrupts.stop()
  }
}

async function toEnd(recovered: Recovered, terminal: Terminal, json: boolean): Promise<ExitCode> {
  if ('error' in recovered) return sayRefused(recovered, terminal, json)
  const result = await recovered.run.result
  if (json) writeJson(terminal.out, { type: 'run', ...summary(recovered, result) })
  else terminal.out.write(`${lineOf(recovered, endWords(result))}\n`)
  return exitCodeOf(result)
}

const summary = ({ id, pipeline }: Recovered, { status, error }: PipelineResult) => ({
  thread_id: id,
  pipeline,
  status,
  error,
})

const endWords = ({ status, error }: PipelineResult): string =>
  error === null ? status : `${status}: ${failureLine(error)}`

const lineOf = ({ id, pipeline }: Recovered, words: string): string => safeLine(`${id} ${pipeline} ${words}`)

function sayRefused(
  recovered: Recovered & { readonly error: StagegraphError },
  { out, env }: Terminal,
  json: boolean,
): ExitCode {
  const { error } = recovered
  const said = describeError(error, env.STAGEGRAPH_DEBUG === '1')
  if (json) writeJson(out, { ...said.json, thread_id: recovered.id, pipeline: recovered.pipeline })
  else out.write(`${lineOf(recovered, `not resumed: ${error.message} ${error.hint ?? ''}`.trimEnd())}\n`)
  return exitCodeOfError(error)
}

/** The first Ctrl-C starts nothing more and waits for what runs; the second stops that, too; the third leaves at once. */
function listen(runs: readonly Run[], terminal: Terminal): { came(): boolean; stop(): void } {
  let presses = 0
  const stop = terminal.onInterrupt(() => {
    presses++
    if (presses === 1) {
      terminal.err.write('Starting nothing more; finishing what runs. Press Ctrl-C again to stop that, too.\n')
      for (const run of runs) run.pause()
    } else if (presses === 2) for (const run of runs) run.abandon()
    else terminal.exit(interrupted)
  })
  return { came: () => presses > 0, stop }
}
