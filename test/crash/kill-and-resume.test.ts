/**
 * A pipeline of commands, run by the program as people run it, killed with SIGKILL at points of its life, then resumed in
 * a new process by its thread id. (`crash.test.ts` does the same to pipelines of functions, and much more.)
 *
 * The points are what the process itself has said: it is killed as soon as its n-th line of NDJSON is read. Nothing in
 * the product knows of this test. What ran is told by the file that every command appends to.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../src/execution/stores/sqlite.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cli = join(root, 'src/cli/main.ts')
const child = join(root, 'test/crash/stages-child.ts')
const pipeline = join(root, 'examples/13-survives-kill.yaml')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-kill-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly lines: readonly string[]
  readonly stderr: string
}

/** What is run: the command line, or a program with an engine of its own. */
type Program = typeof cli | typeof child

/** Runs a program; kills it with SIGKILL when its `killAt`-th line of output is read. */
function stagegraph(program: Program, args: readonly string[], killAt = Number.POSITIVE_INFINITY): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') },
    })
    const lines: string[] = []
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      if (lines.length === killAt) child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, lines, stderr }))
  })
}

const effects = (log: string): string[] => readFileSync(log, 'utf8').trim().split('\n')
const count = (list: readonly string[], word: string): number => list.filter((each) => each === word).length

/** Ids of the stages whose closing event is in the store. */
async function finishedStages(db: string, thread: string): Promise<string[]> {
  const store = openSqliteStore(db)
  try {
    const events = await store.readEvents(thread, 0, 10_000)
    return events.flatMap((event) => (event.type === 'stage.succeeded' ? [event.stage] : []))
  } finally {
    await store.close()
  }
}

async function outputsOf(db: string, thread: string): Promise<unknown> {
  const store = openSqliteStore(db)
  try {
    const last = (await store.readEvents(thread, 0, 10_000)).at(-1)
    return last?.type === 'run.ended' ? last.result.outputs : undefined
  } finally {
    await store.close()
  }
}

describe('a pipeline killed with SIGKILL', () => {
  it.each([
    ['flow', cli, [1, 4, 7, 10, 13, 16, 19]],
    ['stages', child, [2, 8, 14]],
  ])(
    'is resumed by its thread id: no finished stage runs again, and the outputs are the same (%s)',
    async (lowering, program, points) => {
      const whole = await runWhole(lowering, program)
      expect(whole.lines).toBeGreaterThan(Math.max(...points))
      const killed = new Set<number>()
      for (const point of points) {
        const name = `${lowering}-${point}`
        const [db, log] = [join(folder, `${name}.db`), join(folder, `${name}.log`)]
        const first = await stagegraph(program, runArgs(db, log, name), point)
        expect(first.signal, `point ${point}: ${first.stderr}`).toBe('SIGKILL')
        killed.add(point)

        const finished = await finishedStages(db, name)
        const before = effectsOrNone(log)
        const second = await stagegraph(program, ['resume', name, '--store', db, '--json'])
        expect(second.code, `point ${point}: ${second.stderr}`).toBe(0)

        const after = effects(log)
        for (const stage of finished.filter((id) => id !== 'join')) {
          expect(count(after, stage), `${stage} ran again after point ${point}`).toBe(count(before, stage))
        }
        expect(await outputsOf(db, name), `point ${point}`).toEqual(whole.outputs)
        expect([...new Set(after)].sort()).toEqual([...new Set(whole.effects)].sort())
      }
      expect(killed.size).toBe(points.length)
    },
    600_000,
  )
})

const runArgs = (db: string, log: string, thread: string): string[] => [
  'run',
  pipeline,
  '-i',
  `log=${log}`,
  '--thread',
  thread,
  '--store',
  db,
  '--json',
]

function effectsOrNone(log: string): string[] {
  try {
    return effects(log)
  } catch {
    return [] // killed before the first effect
  }
}

async function runWhole(
  lowering: string,
  program: Program,
): Promise<{ outputs: unknown; effects: string[]; lines: number }> {
  const [db, log] = [join(folder, `${lowering}.db`), join(folder, `${lowering}.log`)]
  const run = await stagegraph(program, runArgs(db, log, 'whole'))
  expect(run.code, run.stderr).toBe(0)
  return { outputs: await outputsOf(db, 'whole'), effects: effects(log), lines: run.lines.length }
}
