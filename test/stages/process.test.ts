import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { groupAlive } from '../../src/stages/process/group.ts'
import { type ProcessRequest, runProcess } from '../../src/stages/process.ts'
import { temporaryFolder } from './support.ts'

type Told = { notes: string[]; output: string }

function ask(
  script: string,
  wishes: Partial<ProcessRequest> = {},
): { done: ReturnType<typeof runProcess>; told: Told } {
  const told: Told = { notes: [], output: '' }
  const done = runProcess({
    argv: ['/bin/sh', '-c', script],
    cwd: temporaryFolder(),
    env: { PATH: process.env.PATH ?? '' },
    maxBytes: 1_000_000,
    keepStderr: false,
    graceMs: 150,
    signal: new AbortController().signal,
    onOutput: (_stream, text) => {
      told.output += text
    },
    onNote: (message) => told.notes.push(message),
    ...wishes,
  })
  return { done, told }
}

/** Resolves when the command has said `word`. */
async function said(told: Told, word: string): Promise<void> {
  while (!told.output.includes(word)) await new Promise((resolve) => setTimeout(resolve, 5))
}

const runs = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat[stat.lastIndexOf(')') + 2] !== 'Z'
  } catch {
    return false
  }
}

test('gives exit code, stdout and the end of stderr', async () => {
  const { done, told } = ask('echo out; echo err >&2; exit 3')
  expect(await done).toEqual({ exitCode: 3, signal: null, stdout: 'out\n', stderr: 'err\n', tooMuch: false })
  expect(told.notes).toEqual([])
})

test('names the signal that ended the command', async () => {
  const result = await ask('kill -KILL $$').done
  expect(result).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
})

test('a command that ends on SIGTERM is not killed', async () => {
  const folder = temporaryFolder()
  const abort = new AbortController()
  const { done, told } = ask(
    `trap 'echo clean > ${folder}/mark; exit 0' TERM; echo ready; while :; do sleep 0.01; done`,
    {
      signal: abort.signal,
      graceMs: 20_000,
    },
  )
  await said(told, 'ready')
  abort.abort(new Error('cancelled by a test'))
  await expect(done).rejects.toThrow('cancelled by a test')
  expect(readFileSync(join(folder, 'mark'), 'utf8')).toBe('clean\n')
})

test('cancelling ends the whole group, a grandchild that ignores SIGTERM included, before it settles', async () => {
  const abort = new AbortController()
  const stubborn = `trap '' TERM; sh -c 'trap "" TERM; echo grandchild $$; while :; do sleep 0.05; done' & echo child $$; wait; wait; while :; do sleep 0.05; done`
  const { done, told } = ask(stubborn, { signal: abort.signal })
  await said(told, 'grandchild')
  await said(told, 'child ')
  const pids = [...told.output.matchAll(/(?:grand)?child (\d+)/g)].map(([, pid]) => Number(pid))
  expect(pids).toHaveLength(2)
  expect(pids.every(runs)).toBe(true)
  abort.abort(new Error('stop'))
  await expect(done).rejects.toThrow('stop')
  expect(pids.filter(runs)).toEqual([])
  expect(groupAlive(Math.min(...pids))).toBe(false)
})

test('a stopped process is ended too', async () => {
  const abort = new AbortController()
  const { done, told } = ask('echo pid $$; kill -STOP $$; echo never', { signal: abort.signal })
  await said(told, 'pid')
  abort.abort(new Error('stop'))
  await expect(done).rejects.toThrow('stop')
  expect(runs(Number(told.output.slice(4)))).toBe(false)
})

test('what a finished command left in the background is ended, and said so', async () => {
  const { done, told } = ask('sleep 1000 >/dev/null 2>&1 & echo $!')
  const { exitCode, stdout } = await done
  expect(exitCode).toBe(0)
  expect(runs(Number(stdout))).toBe(false)
  expect(told.notes).toEqual([expect.stringContaining('left processes running in the background')])
})

test('a background process that ends by itself right away loses nothing and is not spoken of', async () => {
  const { done, told } = ask('(sleep 0.05; echo late) & echo early')
  expect((await done).stdout).toBe('early\nlate\n')
  expect(told.notes).toEqual([])
})

test('a descendant that left the group does not hold the command up', async () => {
  const { done, told } = ask('setsid sh -c "echo \\$\\$; exec sleep 60" & sleep 0.1; echo done')
  const { stdout } = await done
  expect(stdout).toContain('done')
  expect(told.notes).toEqual([expect.stringContaining('holds its output open')])
  const escaped = Number(/\d+/.exec(stdout)?.[0])
  expect(runs(escaped)).toBe(true)
  process.kill(escaped, 'SIGKILL')
})

test('too much output ends the command with bounded memory', async () => {
  const before = process.memoryUsage().rss
  const { done } = ask('yes 0123456789012345678901234567890123456789 | head -c 100000000; sleep 1000', {
    maxBytes: 1_000_000,
  })
  const { tooMuch, stdout } = await done
  expect(tooMuch).toBe(true)
  expect(stdout.length).toBeLessThanOrEqual(1_000_000)
  expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000)
})

test('a hundred megabytes on stderr are read to the end, but only their end is kept', async () => {
  const before = process.memoryUsage().rss
  const told = { bytes: 0 }
  const { done } = ask('yes 0123456789012345678901234567890123456789 | head -c 100000000 >&2; echo last >&2', {
    onOutput: (_stream, text) => {
      told.bytes += text.length
    },
  })
  const { exitCode, stderr } = await done
  expect(exitCode).toBe(0)
  expect(told.bytes).toBe(100_000_005)
  expect(stderr.length).toBeLessThanOrEqual(8_192)
  expect(stderr.endsWith('last\n')).toBe(true)
  expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000)
})

test('kept stderr counts as output', async () => {
  const { tooMuch } = await ask('echo 123456 >&2; sleep 1000', { keepStderr: true, maxBytes: 5 }).done
  expect(tooMuch).toBe(true)
})

test('a character that arrives in two pieces stays whole', async () => {
  const { done, told } = ask(`printf 'a\\342\\202'; sleep 0.05; printf '\\254b'`)
  expect((await done).stdout).toBe('a€b')
  expect(told.output).toBe('a€b')
})

test('more input than a pipe holds reaches the command, and a command need not read it', async () => {
  const stdin = 'x'.repeat(1_000_000)
  expect((await ask('wc -c', { stdin }).done).stdout.trim()).toBe('1000000')
  expect((await ask('exec 0<&-; exit 4', { stdin }).done).exitCode).toBe(4)
})

test('stdin is closed when nothing is given', async () => {
  expect((await ask('cat; echo end').done).stdout).toBe('end\n')
})

test('a program that is not there rejects with the error of the system', async () => {
  await expect(ask('', { argv: ['/no/such/program'] }).done).rejects.toMatchObject({ code: 'ENOENT' })
})

test('an aborted signal starts nothing', async () => {
  const folder = temporaryFolder()
  await expect(ask(`touch ${folder}/x`, { signal: AbortSignal.abort(new Error('no')) }).done).rejects.toThrow('no')
  expect(() => readFileSync(join(folder, 'x'))).toThrow('ENOENT')
})

test('many commands side by side leave no listener, no file descriptor and no process behind', async () => {
  const before = { exit: process.listenerCount('exit'), handles: process.getActiveResourcesInfo().length }
  const abort = new AbortController()
  const all = Array.from({ length: 24 }, (_, i) => ask(`echo ${i}`, { signal: abort.signal }).done)
  expect((await Promise.all(all)).map(({ stdout }) => stdout.trim())).toEqual(all.map((_, i) => String(i)))
  expect(process.listenerCount('exit')).toBe(before.exit)
  // A handle is closed some turns of the event loop after its process is gone.
  await vi.waitFor(
    () => {
      expect(process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap')).toEqual([])
      expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before.handles + 2) // waitFor has a timer
    },
    { timeout: 10_000 },
  )
})

test('commands die with a process that exits in a hurry', async () => {
  const folder = temporaryFolder()
  const script = join(folder, 'host.mjs')
  writeFileSync(
    script,
    `import { runProcess } from ${JSON.stringify(join(import.meta.dirname, '../../src/stages/process.ts'))}
runProcess({ argv: ['/bin/sh', '-c', 'trap "" TERM; echo $$; while :; do sleep 0.05; done'], cwd: '/', env: process.env,
  maxBytes: 100, keepStderr: false, graceMs: 1000, signal: new AbortController().signal, onNote() {},
  onOutput(_, text) { process.stdout.write(text, () => process.exit(0)) } })
`,
  )
  const { stdout } = await ask('', { argv: [process.execPath, script] }).done
  const pid = Number(stdout)
  expect(pid).toBeGreaterThan(0)
  while (runs(pid)) await new Promise((resolve) => setTimeout(resolve, 5))
})
