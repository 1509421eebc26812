/** Every example runs, with exact outputs. The list of tests and the folder of examples must agree. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LLMock } from '@copilotkit/aimock'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startFlakyServer } from '../../examples/support/flaky-server.ts'
import {
  compileFile,
  createEngine,
  createManualClock,
  createMemoryStore,
  type JsonObject,
  type ManualClock,
  type PipelineEngine,
  type PipelineResult,
  type Ticked,
} from '../../src/index.ts'
import { larger } from './larger.ts'

const examples = fileURLToPath(new URL('../../examples', import.meta.url))
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-examples-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function run(
  file: string,
  inputs: JsonObject = {},
  _models: Record<string, unknown> = {},
): Promise<PipelineResult> {
  const pipeline = compileFile(join(examples, file))
  expect(pipeline.diagnostics, 'an example has no warnings').toEqual([])
  await using engine = createEngine({ store: createMemoryStore() })
  const result = await engine.execute(pipeline, inputs)
  expect(result.error).toBeNull()
  return result
}

async function withFlakyServer<T>(use: (url: string) => Promise<T>): Promise<T> {
  const { server, url } = await startFlakyServer()
  try {
    return await use(url)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const tests: Record<string, () => Promise<void>> = {
  '01-hello.yaml': async () => {
    expect((await run('01-hello.yaml', { name: 'Ada' })).outputs).toEqual({ greeting: 'Hello, Ada!' })
  },
  '02-diamond.yaml': async () => {
    expect((await run('02-diamond.yaml')).outputs).toEqual({
      result: { slow: 'slow is done', quick: 'quick is done, twice', total: 10 },
    })
  },
  '03-types.yaml': async () => {
    const order = { id: 'A-1', lines: [{ sku: 'tea', count: 2, price: 4.5 }] }
    expect((await run('03-types.yaml', { order, discount: 0.1 })).outputs).toEqual({
      total: 8.1,
      summary: 'A-1: 9 EUR before discount',
    })
  },
  '04-variables.yaml': async () => {
    expect((await run('04-variables.yaml')).outputs).toEqual({
      findings: ['from the slow branch', 'from the quick branch'],
      title: '2 findings, worst 7, 1.75 spent',
    })
  },
  '05-conditions.yaml': async () => {
    expect((await run('05-conditions.yaml', { amount: 40 })).outputs).toEqual({
      receipt: 'recorded 40, no review needed',
      review: 'skipped',
      filed: 'skipped',
    })
    expect((await run('05-conditions.yaml', { amount: 4000 })).outputs).toEqual({
      receipt: 'recorded 4000, after review',
      review: 'succeeded',
      filed: 'succeeded',
    })
  },
  '06-retries.yaml': () =>
    withFlakyServer(async (url) => {
      const result = await run('06-retries.yaml', { url })
      expect(result.outputs).toEqual({ answer: 42, attempts: 3, optional: 'failed' })
      expect(result.tolerated).toEqual(['optional'])
    }),
  '07-http.yaml': () =>
    withFlakyServer(async (url) => {
      expect((await run('07-http.yaml', { url })).outputs).toEqual({
        summary: { latest: '1.1.0', downloads: 4600, versions: '1.0.0, 1.1.0' },
      })
    }),
  '08-typescript.yaml': async () => {
    const text = 'the quick brown fox jumps over the lazy dog'
    expect((await run('08-typescript.yaml', { text })).outputs).toEqual({ words: 5, longest: 'quick' })
  },
  '09-licence-audit.yaml': async () => {
    const report = join(folder, 'report.md')
    const { outputs } = await run('09-licence-audit.yaml', { report })
    expect(outputs?.packages).toBeGreaterThanOrEqual(100)
    expect(outputs?.licences).toHaveProperty('MIT')
    expect(readFileSync(report, 'utf8')).toMatch(/^# Licence audit\n\n\d+ packages on Node v\d+/)
  },
  '10-llm.yaml': async () => {
    const mock = new LLMock({ port: 0 })
    mock.onMessage(/Judge this haiku/, { content: JSON.stringify({ score: 8, critique: 'calm' }) })
    mock.onMessage(/Write a haiku/, { content: 'steam over a cup' })
    await mock.start()
    try {
      vi.stubEnv('OPENAI_API_KEY', 'none')
      vi.stubEnv('OPENAI_BASE_URL', `${mock.url}/v1`)
      const { outputs } = await run('10-llm.yaml', { topic: 'tea' })
      expect(outputs).toEqual({ haiku: 'steam over a cup', score: 8 })
    } finally {
      vi.unstubAllEnvs()
      await mock.stop()
    }
  },
  '11-langgraph.ts': async () => {
    const { main } = await import('../../examples/11-langgraph.ts')
    const lines: string[] = []
    const state = await main((line) => lines.push(line))
    expect(state.run.status).toBe('succeeded')
    expect(lines).toContain('next: report; findings: ["from the slow branch","from the quick branch"]')
    expect(lines.at(-1)).toBe('status succeeded: 2 findings, worst 7, 100 spent')
  },
  '12-engine.ts': async () => {
    const { main } = await import('../../examples/12-engine.ts')
    const lines: string[] = []
    const result = await main((line) => lines.push(line))
    expect(result.outputs).toEqual({ text: 'NOTHING IS LOST!' })
    expect(lines).toContain('paused: paused')
    expect(lines.at(-1)).toBe('succeeded: NOTHING IS LOST!')
  },
  '13-survives-kill.yaml': async () => {
    const log = join(folder, 'effects.log')
    expect((await run('13-survives-kill.yaml', { log })).outputs).toEqual({
      published: 'published ready, left, middle, right, more',
      done: ['ready', 'left', 'middle', 'right', 'more'],
    })
  },
  '14-approval.yaml': () =>
    waiting('14-approval.yaml', async ({ engine, start, clock, outputs }) => {
      const thread = await start({ what: 'Kettle', amount: 80 }, 'ann')
      const decide = async (by: string, decision: 'approved' | 'rejected', form?: JsonObject) =>
        (await engine.decide(thread, 'approval', { decision, by, ...(form && { form }) })).run?.result
      await expect(decide('ann', 'approved')).rejects.toMatchObject({ code: 'invalid_inputs' })
      await clock.advance(86_400_000)
      await outputs(await engine.tick())
      expect((await engine.get(thread))?.status).toBe('waiting')
      await decide('bob', 'approved')
      await expect(decide('bob', 'approved')).rejects.toMatchObject({ code: 'invalid_inputs' })
      expect((await decide('cy', 'approved', { cost_centre: 'kitchen' }))?.outputs).toEqual({
        payment: { text: 'paid 80 EUR for Kettle', cost_centre: 'kitchen', approved_by: ['bob', 'cy'] },
      })
      const small = await start({ what: 'Tea', amount: 5 }, 'ann')
      expect((await engine.get(small))?.result?.outputs?.payment).toMatchObject({ cost_centre: 'petty cash' })
      const late = await start({ what: 'Car', amount: 9_000 }, 'ann')
      await clock.advance(7 * 86_400_000)
      await outputs(await engine.tick())
      expect((await engine.get(late))?.status).toBe('stopped')
    }),
  '15-payment.yaml': () =>
    waiting('15-payment.yaml', async ({ engine, start, clock, outputs }) => {
      const paid = await start({ order: 'o1' })
      const unpaid = await start({ order: 'o2' })
      const { runs } = await engine.signal({ event: 'payment.received', data: { order: 'o1', amount: 12.5 } })
      expect(runs.map(({ id }) => id)).toEqual([paid])
      expect((await runs[0]?.result)?.outputs).toEqual({ result: 'shipped o1 for 12.5 EUR' })
      await clock.advance(2 * 3_600_000)
      expect(await outputs(await engine.tick())).toEqual([{ result: 'cancelled o2' }])
      expect(await engine.pending(unpaid)).toEqual([])
    }),
  '16-travel.yaml': async () => {
    const log = join(folder, 'travel.log')
    const lines = () => readFileSync(log, 'utf8').trim().split('\n')
    expect((await run('16-travel.yaml', { log, cars: 1 })).outputs).toEqual({ booked: ['F1', 'H1', 'C1'] })
    expect(lines()).toEqual(['flight booked', 'hotel booked', 'car booked', 'succeeded'])
    rmSync(log)
    await using engine = createEngine({ store: createMemoryStore() })
    const result = await engine.execute(compileFile(join(examples, '16-travel.yaml')), { log, cars: 0 })
    expect(result).toMatchObject({ status: 'rolled_back', error: { stage: 'car', category: 'exit_code' } })
    expect(lines()).toEqual([
      'flight booked',
      'hotel booked',
      'no car for F1',
      'hotel H1 given back',
      'flight F1 given back',
      'rolled_back',
    ])
  },
  ...larger,
}

interface Waiting {
  readonly engine: PipelineEngine
  readonly clock: ManualClock
  start(inputs: JsonObject, by?: string): Promise<string>
  outputs(ticked: readonly Ticked[]): Promise<unknown[]>
}

/** An example whose runs wait, by a clock that moves when it is told to. */
async function waiting(file: string, use: (on: Waiting) => Promise<void>): Promise<void> {
  const pipeline = compileFile(join(examples, file))
  expect(pipeline.diagnostics, 'an example has no warnings').toEqual([])
  const clock = createManualClock()
  await using engine = createEngine({ store: createMemoryStore({ clock }), clock })
  await use({
    engine,
    clock,
    async start(inputs, by) {
      const run = await engine.start(pipeline, inputs, by === undefined ? {} : { by })
      await run.result
      return run.id
    },
    outputs: (ticked) =>
      Promise.all(ticked.map(async (each) => ('run' in each ? (await each.run.result).outputs : each.error))),
  })
}

describe('the examples', () => {
  it.each(Object.entries(tests))('%s does what it says', (_name, test) => test())

  it('are all tested', () => {
    const numbered = readdirSync(examples).filter((name) => /^\d\d-/.test(name))
    expect(Object.keys(tests).sort()).toEqual(numbered.sort())
  })

  it('have no warnings, and neither do those in folders', () => {
    const files = readdirSync(examples, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'))
    expect(files.length).toBeGreaterThan(20)
    for (const file of files) expect(compileFile(join(examples, file)).diagnostics, file).toEqual([])
  })
})
