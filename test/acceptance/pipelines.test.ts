/**
 * The pipelines of the systems this one grew from, by their number in `seed-systems.md` (section 3), each with what tells
 * an engine from a demonstration. 23 and 24 are examples: 19-plan-to-code and 17-until-it-passes.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { scriptedModel } from '../../examples/support/scripted-model.ts'
import type { Json, JsonObject } from '../../src/index.ts'
import { CompileError, compileFile, createEngine, createMemoryStore, defineFunction } from '../../src/index.ts'

const rows = [
  { region: 'north', product: 'tea', amount: 10 },
  { region: 'south', product: 'tea', amount: 60 },
  { region: 'north', product: 'milk', amount: null },
  { region: 'north', product: 'milk', amount: 5 },
]

describe.each(['flow', 'stages'] as const)('by %s', (lowering) => {
  let folder: string
  const noted: string[] = []
  const functions = {
    'test/note': defineFunction({ run: (_input: unknown, { stage }) => void noted.push(stage) }),
    'test/tool': defineFunction({ run: () => ({ ok: false, message: 'No such table.' }) }),
    'test/rows': defineFunction({ run: () => rows }),
    'test/pivot': defineFunction({
      run: ({ rows }: { rows: { region: string; product: string; amount: number }[] }) => {
        const table: Record<string, Record<string, number>> = {}
        for (const { region, product, amount } of rows) table[region] = { ...table[region], [product]: amount }
        return table
      },
    }),
  }

  beforeEach(() => {
    noted.length = 0
    folder = mkdtempSync(join(tmpdir(), 'stagegraph-pipelines-'))
    cpSync(join(import.meta.dirname, 'pipelines'), folder, { recursive: true })
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  const compiled = (file: string) =>
    compileFile(join(folder, file), { functions, models: { scripted: scriptedModel(() => '') } })

  async function run(file: string, inputs: JsonObject = {}, answer: Parameters<typeof scriptedModel>[0] = (p) => p) {
    const pipeline = compiled(file)
    expect(pipeline.diagnostics).toEqual([])
    const model = scriptedModel(answer)
    await using engine = createEngine({ store: createMemoryStore(), functions, models: { scripted: model }, lowering })
    const result = await engine.execute(pipeline, inputs, { threadId: 't' })
    const stages = (await engine.get('t'))?.stages ?? []
    return { ...result, prompts: model.prompts, of: Object.fromEntries(stages.map(({ id, status }) => [id, status])) }
  }

  it('1: what is written is read back, and an input of the wrong type is refused before anything is written', async () => {
    await expect(run('01-hello.yaml', { text: 5 })).rejects.toMatchObject({ code: 'invalid_inputs' })
    expect(existsSync(join(folder, 'hello.txt'))).toBe(false)
    expect((await run('01-hello.yaml', { text: 'Hello, ÄÖ!\n' })).outputs).toEqual({ text: 'Hello, ÄÖ!\n' })
    expect(read('hello.txt')).toBe('Hello, ÄÖ!\n')
  })

  it('4: a failure that is reported and not thrown fails the run, and what depends on it obeys its join', async () => {
    const result = await run('04-reported-failure.yaml')
    expect(result).toMatchObject({ status: 'failed', error: { stage: 'worked', category: 'assertion' } })
    expect(JSON.stringify(result.error)).toContain('No such table.')
    expect(result.of).toMatchObject({ call: 'succeeded', worked: 'failed', dependent: 'skipped', beside: 'succeeded' })
    expect(noted.toSorted()).toEqual(['anyway', 'beside'])
  })

  it('6: text is exact to the byte: the last newline stays, and braces in data are data', async () => {
    const raw = 'a {{ b }} ${{ inputs.raw }}\t\n'
    const expected = `Dear Ada,\n  {{ not.ours }} \${{ nor.this }}\n${raw}\n`
    expect((await run('06-bytes.yaml', { who: { name: { first: 'Ada' } }, raw })).outputs).toEqual({ text: expected })
    expect(read('bytes.txt')).toBe(expected)
  })

  it('8: until is asked after a pass, and a loop that was not enough fails, or says so', async () => {
    writeFileSync(join(folder, 'state.txt'), '5')
    const once = await run('08-loop.yaml', { goal: 1 })
    expect(once.outputs).toMatchObject({ said: 'Pass 0, state 6', passes: 1 })
    writeFileSync(join(folder, 'state.txt'), '0')
    expect((await run('08-loop.yaml', { goal: 3 })).prompts).toEqual([0, 1, 2].map((n) => `Pass ${n}, state ${n + 1}`))
    writeFileSync(join(folder, 'state.txt'), '0')
    const failed = await run('08-loop.yaml', { goal: 9 })
    expect(failed).toMatchObject({ status: 'failed', error: { stage: 'failing', code: 'loop_exhausted' } })
    expect(read('state.txt')).toBe('4\n')
    const { outputs, status } = await run('08-loop.yaml', { goal: 9, go_on: true })
    expect({ status, outputs }).toMatchObject({ status: 'succeeded', outputs: { tolerant: 4, exhausted: true } })
  })

  it.each([
    ['tea', 'short', 0],
    ['coffee', 'medium', 1],
    ['hot chocolate', 'long', 2],
  ])('9: one of three ways is taken: %s is %s, and no other model is asked', async (text, way, branch) => {
    const { outputs, prompts } = await run('09-branches.yaml', { text })
    expect(outputs).toEqual({ said: `${way}: ${text}`, branch })
    expect(prompts).toEqual([`${way}: ${text}`])
  })

  it.each([
    ['low', 'exit 0', 'succeeded', ['cleanup', 'success', 'finally.last']],
    ['low', 'exit 3', 'failed', ['cleanup', 'failure', 'finally.last']],
    ['high', 'touch ran.txt', 'succeeded', ['cleanup', 'refused', 'finally.last']],
  ])(
    '10: with a risk that is %s, `%s` has %s, its report is written and cleanup runs',
    async (risk, command, status, ran) => {
      const result = await run('10-risk.yaml', { change: 'x', command }, () => ({ risk }))
      expect(result.status).toBe(status)
      expect([...noted.slice(0, -1).toSorted(), noted.at(-1)]).toEqual(ran)
      expect(existsSync(join(folder, 'ran.txt'))).toBe(false)
    },
  )

  it('11: a join goes on with either of two summaries, the other one skipped', async () => {
    const two = await run('11-either.yaml', { topics: ['a', 'b'] })
    expect(two.outputs).toEqual({ published: 'brief: look: a+look: b', brief: 'succeeded' })
    expect(two.prompts).toHaveLength(3)
    const three = await run('11-either.yaml', { topics: ['a', 'b', 'c'] })
    expect(three.outputs).toEqual({ published: 'thorough: look: a+look: b+look: c', brief: 'skipped' })
    expect(three.prompts).toHaveLength(4)
  })

  it('13: variables of a loop are merged pass by pass, and a condition is asked in each', async () => {
    const answer = (prompt: string, call: number) =>
      prompt.startsWith('write') ? `d${call / 2}` : { score: [3, 5, 8][(call - 1) / 2], note: `n${(call - 1) / 2}` }
    const { outputs, prompts } = await run('13-refine.yaml', {}, answer)
    expect(outputs).toEqual({
      draft: 'polished d2',
      notes: ['n0', 'n1', 'n2'],
      passes: 3,
      best: 8,
      scores: { earlier: [3, 5], last: 8 },
    })
    expect(prompts.filter((each) => each.startsWith('write'))).toEqual([
      'write after nothing',
      'write after d0',
      'write after polished d1',
    ])
  })

  it.each([[true], [false]])(
    '14: one map feeds another, a failed item stops no other (validated: %s)',
    async (validate) => {
      const answer = (prompt: string) => ({ facts: /^gather (a|cc)$/.test(prompt) ? prompt.length : 'many' })
      const { outputs, status } = await run('14-maps.yaml', { topics: ['a', 'b', 'cc'], validate }, answer)
      const validated = validate ? 'succeeded' : 'skipped'
      expect({ status, outputs }).toEqual({
        status: 'succeeded',
        outputs: { all: { total: 170, failed: ['b'], validated } },
      })
    },
  )

  it.each<[boolean, Json]>([
    [true, 1],
    [false, null],
  ])('18: thirteen steps meet in one, with and without the optional one (%s)', async (outliers, found) => {
    const { outputs, of } = await run('18-data.yaml', { outliers })
    expect(outputs?.report).toEqual({
      rows: 4,
      clean: 3,
      products: ['milk', 'tea'],
      pivot: { north: { tea: 10, milk: 5 }, south: { tea: 60 } },
      outliers: found,
      summary: 'Sum up 75 in north and south',
    })
    expect(Object.keys(of)).toHaveLength(13)
    expect(of.outliers).toBe(outliers ? 'succeeded' : 'skipped')
  })

  it('19: an answer that does not fit its schema is a `validation` error, after one repair and no retry', async () => {
    const bad = await run('19-extract.yaml', { text: 'Ada, 36' }, () => ({ name: 'Ada', age: -1 }))
    expect(bad).toMatchObject({ status: 'failed', outputs: null, error: { stage: 'extract', category: 'validation' } })
    expect(bad.prompts).toHaveLength(2)
    expect(noted).toEqual([])
    const good = await run('19-extract.yaml', { text: 'Ada, 36' }, (_prompt, call) => ({
      name: 'Ada',
      age: call === 0 ? 36.5 : 36,
    }))
    expect(good.outputs).toEqual({ person: { name: 'Ada', age: 36 } })
  })

  it('20: four commands run at the same time, and the report has them in order', async () => {
    expect((await run('20-terminal.yaml')).outputs).toEqual({ report: 'a met; b met; c met; d met' })
  })

  it('21: a command that takes too long fails in time, and nothing of it is left running', async () => {
    const began = Date.now()
    const result = await run('21-timeout.yaml')
    expect(result).toMatchObject({ status: 'failed', error: { stage: 'sleep', category: 'timeout' } })
    expect(Date.now() - began).toBeLessThan(10_000)
    for (const file of ['pid.txt', 'child.txt']) expect(isRunning(Number(read(file)))).toBe(false)
  })

  it('22: prompts come from files, and one that is missing is a compile error', async () => {
    const { prompts } = await run('22-prompts.yaml', { topic: 'tea' })
    expect(prompts).toEqual(['Tell me of tea.\n{{ kept }}\n'])
    rmSync(join(folder, 'prompts/ask.md'))
    expect(() => compiled('22-prompts.yaml')).toThrow(CompileError)
    expect(() => compiled('22-prompts.yaml')).toThrow(/prompts\/ask\.md/)
  })
})

/** One that ended and was not reaped by whoever adopted it runs no more. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
