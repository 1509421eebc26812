/** Runs that were gone on with together: each is waited for, and a line is said of how it ended. */
import type { Run } from '../execution/run.ts'
import type { StagegraphError } from '../foundation/errors.ts'
import { nextSteps } from './next-steps.ts'
import type { OpenEngine } from './open-engine.ts'
import { failureLine } from './render/ending.ts'
import { writeJson } from './render/json.ts'
import { safeLine } from './render/text.ts'
import { waitLines } from './render/waits.ts'
import type { Terminal } from './terminal.ts'

type Going = { readonly id: string } & ({ readonly run: Run } | { readonly error: StagegraphError })

export async function runOut(
  going: readonly Going[],
  { engine, storePath }: OpenEngine,
  terminal: Terminal,
  json: boolean,
): Promise<void> {
  await Promise.all(
    going.map(async (each) => {
      if ('error' in each) {
        const { code, message } = each.error
        if (json) writeJson(terminal.out, { type: 'run', thread_id: each.id, status: null, error: { code, message } })
        else terminal.out.write(`${safeLine(`${each.id} was not gone on with: ${message}`)}\n`)
        return
      }
      const { status, error, pipeline } = await each.run.result
      if (json) return writeJson(terminal.out, { type: 'run', thread_id: each.id, pipeline, status, error })
      const why = error === null ? '' : `: ${failureLine(error)}`
      const next = nextSteps(each.id, storePath, terminal.cwd)
      const waits = status === 'waiting' ? await engine.pending(each.id) : []
      const lines = waits.flatMap((wait) => waitLines(wait, next)).map((line) => `  ${line}`)
      terminal.out.write(`${[safeLine(`${each.id} ${pipeline} ${status}${why}`), ...lines].join('\n')}\n`)
    }),
  )
}
