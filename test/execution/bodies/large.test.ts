/** A foreach over 10,000 items, whose process is killed in the middle. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { openStore } from '../../../src/index.ts'

const items = 10_000
const limit = 4
const folder = mkdtempSync(join(tmpdir(), 'stagegraph-large-'))
const [file, effects] = [join(folder, 'runs.db'), join(folder, 'effects')]
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const done = (): string[] => {
  try {
    return readFileSync(effects, 'utf8').split('\n').filter(Boolean)
  } catch {
    return []
  }
}

function child() {
  const script = resolve(import.meta.dirname, 'large-child.ts')
  const args = ['--expose-gc', script, file, effects, String(items), String(limit)]
  const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  started.stdout.on('data', (chunk) => {
    out += chunk
  })
  const ended = new Promise<string>((settle) => started.on('close', () => settle(out)))
  return { kill: () => started.kill('SIGKILL'), ended }
}

it('keeps what is done, runs only the rest, never more at once than it may, and little in memory', async () => {
  const first = child()
  while (done().length < items / 2) await sleep(20)
  first.kill()
  await first.ended
  const before = done().length
  expect(before).toBeLessThan(items)

  const second = JSON.parse(await child().ended)
  expect(second).toMatchObject({ status: 'succeeded', outputs: { count: items, last: items - 1 } })
  expect(second.most).toBeLessThanOrEqual(limit)
  expect(second.ran).toBeLessThanOrEqual(items - before + limit)
  expect(new Set(done()).size).toBe(items)
  expect(done().length).toBeLessThanOrEqual(items + limit) // nobody knew how those ended that ran
  expect(second.grownMb).toBeLessThan(20)

  const store = openStore(file)
  const events = await store.readEvents('t', 0, 100_000)
  await store.close()
  const ends = events.flatMap((event) => (event.type === 'stage.succeeded' ? [event.stage] : []))
  expect(new Set(ends).size).toBe(ends.length)
  expect(ends.filter((path) => path.startsWith('all['))).toHaveLength(items)
  const told = events.flatMap(({ progress }) => progress ?? [])
  expect(told.every((percentage, at) => at === 0 || percentage >= (told[at - 1] as number))).toBe(true)
  expect(told.at(-1)).toBe(100)
}, 120_000)
