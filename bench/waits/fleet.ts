/** Many runs that wait in one file, and processes that tick side by side: what it takes, and what comes of it. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { compile, createEngine, createManualClock, defineStage, openStore } from '../../src/index.ts'

export const startMs = Date.UTC(2026, 0, 1)

/** What one tick of one process came to. Milliseconds and bytes. */
export interface Ticked {
  /** Runs that it brought to their end. */
  readonly ended: number
  readonly other: number
  /** Of the tick itself, and with the runs it went on with. */
  readonly tickMs: number
  readonly allMs: number
  readonly rss: number
}

/** Leaves a line with the run's id in a file: an effect that can be counted. */
export const tellingTo = (file: string) =>
  defineStage({
    name: 'tell',
    docs: { summary: 'Leaves a line in a file.', output: 'The text.', example: '' },
    schema: z.string(),
    run(text, { run }) {
      appendFileSync(file, `${run.threadId}\n`)
      return text
    },
  })

const text = `
name: patient
inputs: { pause: string }
stages:
  - { id: order, transform: "\${{ inputs.pause }}" }
  - { id: checked, transform: "\${{ stages.order.output }}" }
  - { id: pause, wait: { for: "\${{ inputs.pause }}" } }
  - { id: told, tell: "\${{ stages.checked.output }}" }
  - { id: end, transform: "\${{ stages.told.output }}" }
outputs: { paused: "\${{ stages.end.output }}" }
`

/** Opens runs `r1`, `r2`, … of which `rN` waits for N seconds. Returns milliseconds and the bytes of the file. */
export async function openFleet(folder: string, count: number): Promise<{ openMs: number; bytes: number }> {
  const clock = createManualClock(startMs)
  const file = `${folder}/runs.db`
  const store = openStore(file, { clock })
  const stages = [tellingTo(`${folder}/effects`)]
  const engine = createEngine({ store, clock, background: false, stages })
  const pipeline = compile(text, { stages })
  const startedMs = performance.now()
  for (let n = 1; n <= count; n++) {
    const { status } = await engine.execute(pipeline, { pause: `${n}s` }, { threadId: `r${n}` })
    if (status !== 'waiting') throw new Error(`r${n} does not wait: ${status}`)
  }
  const openMs = performance.now() - startedMs
  await engine.close()
  await store.close()
  return { openMs, bytes: statSync(file).size }
}

/** Processes that tick at times they are told, all at once. */
export async function openTickers(folder: string, count: number) {
  const file = fileURLToPath(new URL('child.ts', import.meta.url))
  const children = Array.from({ length: count }, () => fork(file, [folder], { execArgv: [] }))
  await Promise.all(children.map(heard))
  return {
    /** `seconds` after the start of the runs. Rejects when one of them died. */
    tickAt: (seconds: number) => Promise.all(children.map((child) => asked(child, startMs + seconds * 1_000))),
    async end() {
      await Promise.all(
        children.map((child) => {
          child.send('end')
          return once(child, 'exit')
        }),
      )
    },
  }
}

async function asked(child: ChildProcess, timeMs: number): Promise<Ticked> {
  const answer = heard(child)
  child.send(timeMs)
  return (await answer) as Ticked
}

const heard = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const died = (code: number | null) => reject(new Error(`a process that ticks ended with ${code}`))
    child.once('exit', died)
    child.once('message', (message) => {
      child.off('exit', died)
      resolve(message)
    })
  })

/** How often each run had its effect: how many had it once, and how many more than once. */
export function countEffects(folder: string): { readonly once: number; readonly repeated: number } {
  const counts = Map.groupBy(readFileSync(`${folder}/effects`, 'utf8').trim().split('\n'), (id) => id)
  const repeated = [...counts.values()].filter(({ length }) => length > 1).length
  return { once: counts.size - repeated, repeated }
}

/** How much later than it was due the last of them fired, by the log. Milliseconds. */
export async function latest(folder: string, count: number): Promise<{ fired: number; latenessMs: number }> {
  const store = openStore(`${folder}/runs.db`)
  let [fired, latenessMs] = [0, 0]
  for (let n = 1; n <= count; n++) {
    for (const event of await store.readEvents(`r${n}`)) {
      if (event.type !== 'wait.fired') continue
      fired++
      latenessMs = Math.max(latenessMs, Date.parse(event.at) - startMs - n * 1_000)
    }
  }
  await store.close()
  return { fired, latenessMs }
}
