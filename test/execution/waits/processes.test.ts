/** Waits on our store with a process of its own for every answer, and stages whose process dies in the middle. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Action, type Said, type Setting, step } from './step.ts'

const child = fileURLToPath(new URL('child.ts', import.meta.url))
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-waits-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const effects = (): string[] => {
  const file = join(folder, 'effects')
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}
const names = (): string[] => effects().map((line) => String(line.split(' ')[0]))

/** The same step, in a process of its own. */
function inProcess(setting: Setting, action: Action): Said {
  const { stdout, stderr } = run(setting, action, 'no')
  const line = stdout.trim().split('\n').at(-1) ?? ''
  if (!line.startsWith('{')) throw new Error(stderr)
  return JSON.parse(line)
}

const dies = (setting: Setting, action: Action) => expect(run(setting, action, 'yes').signal).toBe('SIGKILL')

function run(setting: Setting, action: Action, TEST_DIES: string) {
  const args = [child, JSON.stringify(setting), JSON.stringify(action)]
  return spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, TEST_DIES } })
}

describe('a process per answer', () => {
  const cases = [
    ['raw', 'flow', ['a', 'b']],
    ['raw', 'flow', ['b', 'a']],
    ['raw', 'flow', ['ab']],
    ['raw', 'stages', ['b', 'a']],
    ['engine', 'flow', ['b', 'a']],
  ] as const
  it.each(cases)('%s, %s: takes the answers %j, and does everything once', (mode, lowering, order) => {
    const setting: Setting = { mode, lowering, text: 'asking', folder }
    const first = inProcess(setting, 'start')
    expect(first.status).toBe('waiting')
    const ids = Object.fromEntries(first.waits.map(({ id, value }) => [String(value)[0], id]))
    let said = first
    for (const letters of order) {
      const answer = Object.fromEntries([...letters].map((name) => [String(ids[name]), `to ${name}`]))
      said = inProcess(setting, { answer })
    }
    expect(said).toMatchObject({ status: 'succeeded', outputs: { a: 'to a', b: 'to b' } })
    expect(names().sort()).toEqual(['after_a', 'after_b', 'end', 'free'])
  })
})

const modes = [
  ['engine', 'flow'],
  ['engine', 'stages'],
  ['raw', 'flow'],
  ['raw', 'stages'],
] as const

describe.each(modes)('%s, %s', (mode, lowering) => {
  const setting = (text: Setting['text']): Setting => ({ mode, lowering, text, folder })

  it('refuses another answer to a wait, and one to what was not asked', async () => {
    const asking = setting('asking')
    const { waits } = await step(asking, 'start')
    const [a, b] = waits.map(({ id }) => id) as [string, string]
    await step(asking, { answer: { [a]: 1 } })
    expect((await step(asking, { answer: { [a]: 2 } })).error?.code).toBe('wait_decided')
    const unasked = 'f'.repeat(32)
    expect((await step(asking, { answer: { [b]: 1, [unasked]: 2 } })).error?.code).toBe('no_open_wait')
    expect((await step(asking, { answer: { [a]: 1 } })).waits.map(({ id }) => id)).toEqual([b])
    expect(await step(asking, { answer: { [b]: 2 } })).toMatchObject({ outputs: { a: 1, b: 2 } })
  })

  it('does not repeat a stage with once: true whose process died, but asks how it ended', async () => {
    const paying = setting('paying')
    dies(paying, 'start')
    const said = await step(paying, 'go')
    expect(said.status).toBe('waiting')
    expect(said.waits).toMatchObject([{ value: { reason: 'ambiguous', stage: 'pay', attempt: 1 } }])
    expect((await step(paying, 'go')).waits).toEqual(said.waits)
    const id = String(said.waits[0]?.id)
    const wrong = await step(paying, { answer: { [id]: { decision: 'done', output: 5 } } })
    expect(wrong.error?.code).toBe('invalid_inputs')

    dies(paying, { answer: { [id]: { decision: 'retry' } } })
    const again = await step(paying, 'go')
    const other = String(again.waits[0]?.id)
    expect(other).not.toBe(id)
    expect(again.waits).toMatchObject([{ value: { attempt: 2 } }])
    const done = await step(paying, { answer: { [other]: { decision: 'done', output: 'receipt 7' } } })
    expect(done).toMatchObject({ status: 'succeeded', outputs: { paid: 'receipt 7' } })
    expect(names()).toEqual(['before', 'pay', 'pay', 'after'])
  })
})

describe.each([modes[0], modes[3]])('an attempt that nobody knows the end of (%s, %s)', (mode, lowering) => {
  const paying = (): Setting => ({ mode, lowering, text: 'paying', folder })
  async function ambiguous(): Promise<string> {
    dies(paying(), 'start')
    return String((await step(paying(), 'go')).waits[0]?.id)
  }

  it('is followed by the next when a person says so', async () => {
    const said = await step(paying(), { answer: { [await ambiguous()]: { decision: 'retry' } } })
    expect(said).toMatchObject({ status: 'succeeded', outputs: { paid: 'pay 2' } })
    expect(effects().filter((line) => line.startsWith('pay'))).toEqual(['pay 1', 'pay 2'])
  })

  it('has failed when a person says so', async () => {
    const { error } = await step(paying(), { answer: { [await ambiguous()]: { decision: 'fail' } } })
    expect(error).toMatchObject({ code: 'ambiguous' })
    expect(names()).toEqual(['before', 'pay'])
  })
})
