/** Commands that outlive the engine which started them: real processes, really killed. Linux only, as the thing itself. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { endOrphans } from '../../src/execution/orphans.ts'
import { currentOwner } from '../../src/execution/owner.ts'
import { createEngine, openStore } from '../../src/index.ts'
import { groupAlive } from '../../src/stages/process/group.ts'
import { markVariable, writeMark } from '../../src/stages/process/mark.ts'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname

let folder: string
const strays: number[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-orphans-'))
})
afterEach(() => {
  for (const pid of strays.splice(0)) kill(pid)
  rmSync(folder, { recursive: true, force: true })
})

/**
 * `serve` leaves a server behind on purpose. `work` hangs in its first attempt, with a child in its process group and one
 * in a session of its own; its second attempt says which of them still run.
 */
const pipeline = `name: orphans
inputs: { folder: string }
stages:
  - id: serve
    run: |
      setsid sleep 300 > /dev/null 2>&1 < /dev/null &
      echo $! > "$FOLDER/server"
    env: { FOLDER: "\${{ inputs.folder }}" }
  - id: work
    run: |
      if [ -e "$FOLDER/first" ]; then
        for pid in $(cat "$FOLDER/first"); do
          case "$(cut -d ' ' -f 3 "/proc/$pid/stat" 2> /dev/null)" in ''|Z|X) ;; *) echo "$pid runs" ;; esac
        done
        echo checked
        exit 0
      fi
      sleep 300 &
      one=$!
      setsid sleep 300 &
      echo "$$ $one $!" > "$FOLDER/first"
      echo hangs
      wait
    env: { FOLDER: "\${{ inputs.folder }}" }
outputs: { seen: "\${{ stages.work.output }}" }
`

it('are dead before the stage runs again: the command, its children, and those in a session of their own', async () => {
  writeFileSync(join(folder, 'p.yaml'), pipeline)
  const path = join(folder, 'runs.db')
  const options = ['-i', `folder=${folder}`, '--thread', 't', '--store', path, '--json']
  const engine = spawn(process.execPath, [main, 'run', join(folder, 'p.yaml'), ...options], { stdio: 'pipe' })
  const gone = once(engine, 'close')
  for await (const line of createInterface({ input: engine.stdout })) {
    if (line.includes('"stage.output"') && line.includes('hangs')) break
  }
  const orphans = readFileSync(join(folder, 'first'), 'utf8').trim().split(' ').map(Number)
  const server = Number(readFileSync(join(folder, 'server'), 'utf8'))
  strays.push(server, ...orphans)
  engine.kill('SIGKILL')
  await gone
  expect(orphans.map(runs)).toEqual([true, true, true]) // the premise: nobody else ended them

  await using store = closing(openStore(path))
  await using other = createEngine({ store })
  const result = await (await other.resume('t')).result
  expect(result).toMatchObject({ status: 'succeeded', outputs: { seen: 'checked' } })
  expect(orphans.map(runs)).toEqual([false, false, false])
  expect(runs(server)).toBe(true) // its stage is done: it is nobody's orphan
}, 180_000)

it('are only those of the engine, the thread and the stages that are meant', async () => {
  const owner = { ...currentOwner('e_dead'), pid: 1, started: '1' }
  const mine = sleeper(writeMark({ engine: 'e_dead', thread: 't', stage: 'a' }))
  const others = [
    sleeper(writeMark({ engine: 'e_other', thread: 't', stage: 'a' })),
    sleeper(writeMark({ engine: 'e_dead', thread: 't2', stage: 'a' })),
    sleeper(writeMark({ engine: 'e_dead', thread: 't', stage: 'done' })),
    sleeper('e_dead/t'),
  ]
  expect(await endOrphans(owner, 't', async () => ['a'])).toEqual([mine])
  expect([mine, ...others].map(groupAlive)).toEqual([false, true, true, true, true])
})

it('are not looked for when the engine ran elsewhere, or before this machine was started', async () => {
  const pid = sleeper(writeMark({ engine: 'e_dead', thread: 't', stage: 'a' }))
  const here = currentOwner('e_dead')
  expect(await endOrphans({ ...here, host: `not-${hostname()}` }, 't', async () => ['a'])).toEqual([])
  expect(await endOrphans({ ...here, boot: 'another' }, 't', async () => ['a'])).toEqual([])
  expect(groupAlive(pid)).toBe(true)
})

/** A process in a group of its own that carries this mark. Its environment is there as soon as `spawn` has returned. */
function sleeper(mark: string): number {
  const child = spawn('sleep', ['300'], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, [markVariable]: mark },
  })
  const pid = child.pid as number
  strays.push(pid)
  return pid
}

/** More than a zombie. */
function runs(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '')
  } catch {
    return false
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // gone already
  }
}

const closing = <Store extends { close(): Promise<void> }>(store: Store): Store & AsyncDisposable =>
  Object.assign(store, { [Symbol.asyncDispose]: () => store.close() })
