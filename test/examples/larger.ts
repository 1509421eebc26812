/** Tests of the examples from 17 on, by name. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { type ScriptedModel, scriptedModel } from '../../examples/support/scripted-model.ts'
import { compileFile, createEngine, createMemoryStore, type JsonObject } from '../../src/index.ts'

const examples = fileURLToPath(new URL('../../examples', import.meta.url))

async function run(file: string, inputs: JsonObject, model?: ScriptedModel) {
  const pipeline = compileFile(join(examples, file))
  expect(pipeline.diagnostics, 'an example has no warnings').toEqual([])
  await using engine = createEngine({
    store: createMemoryStore(),
    ...(model && { models: { 'openai:gpt-5-mini': model } }),
  })
  return await engine.execute(pipeline, inputs)
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stagegraph-larger-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What fails in pass n, from 0: more than 500 characters, of which the last say which pass it was. */
const wrong = (pass: number) => `console.log('x'.repeat(600) + ' pass ${pass} is wrong.'); process.exit(1)`

export const larger: Record<string, () => Promise<void>> = {
  '17-until-it-passes.yaml': () =>
    inFolder(async (folder) => {
      const file = join(folder, 'program.mjs')
      const model = scriptedModel((_prompt, call) => (call < 7 ? wrong(call) : 'console.log(2)'))
      const result = await run('17-until-it-passes.yaml', { goal: 'Print two.', file }, model)
      expect(result.error).toBeNull()
      expect(result.outputs).toEqual({ program: 'console.log(2)', printed: '2\n', passes: 8 })
      expect(model.prompts).toHaveLength(8)
      for (const [pass, prompt] of model.prompts.entries()) {
        const told = [...prompt.matchAll(/pass (\d) is wrong/g)].map(([, number]) => Number(number))
        expect(told).toEqual([0, 1, 2, 3, 4, 5, 6].slice(Math.max(0, pass - 5), pass))
        expect(prompt).toMatch(/^Print two\./)
        expect(prompt).not.toContain('x'.repeat(501))
      }
      const never = scriptedModel((_prompt, call) => wrong(call))
      const failed = await run('17-until-it-passes.yaml', { goal: 'Print two.', file }, never)
      expect(failed).toMatchObject({ status: 'failed', error: { stage: 'work', code: 'loop_exhausted' } })
      expect(never.prompts).toHaveLength(10)
    }),
  '18-batch.yaml': () =>
    inFolder(async (folder) => {
      const report = () => JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'))
      const small = await run('18-batch.yaml', { folder })
      expect(small).toMatchObject({ status: 'succeeded', outputs: { read: 18, failed: 2, total: 180 } })
      expect(report()).toEqual({
        total: 180,
        failed: ['00010', '00020'].map((number) => ({
          file: join(folder, `orders/order-${number}.json`),
          stage: 'order',
          why: 'not_json',
        })),
      })
      const large = await run('18-batch.yaml', { folder, count: 5_000, broken_every: 7 })
      const broken = Array.from({ length: 5_000 }, (_, index) => index + 1).filter((number) => number % 7 === 0)
      const total = (5_000 * 5_001) / 2 - broken.reduce((sum, number) => sum + number, 0)
      expect(large.outputs).toEqual({ read: 5_000 - 714, failed: 714, total })
      expect(report().failed.map(({ file }: { file: string }) => file)).toEqual(
        broken.map((number) => join(folder, `orders/order-${String(number).padStart(5, '0')}.json`)),
      )
    }),
  '19-plan-to-code.ts': async () => {
    const { main, model } = await import('../../examples/19-plan-to-code.ts')
    const scripted = model()
    const lines: string[] = []
    const { planned, specified, built, runs } = await main((line) => lines.push(line), scripted)
    expect(planned.outputs?.plan).toMatchObject({ goal: 'A shop for tea' })
    expect(specified?.outputs?.specs).toHaveLength(10)
    const names = ['cart', 'search', 'login', 'orders', 'stock', 'prices', 'mail', 'taxes', 'returns', 'gifts']
    expect(built?.outputs?.files).toEqual(names.map((name) => `${name}.ts`))
    expect(lines.slice(0, 3)).toEqual(['plan: succeeded', 'specification: succeeded', 'too early: 0 runs'])
    expect(runs.map(({ pipeline }) => pipeline).toSorted()).toEqual(['implementation', 'plan', 'specification'])
    expect(scripted.prompts).toHaveLength(2 + 1 + 10)
    expect(scripted.prompts[1]).toBe(scripted.prompts[0])
    expect(scripted.most).toBe(10)
  },
  '20-nested.yaml': () =>
    inFolder(async (folder) => {
      const log = join(folder, 'nested.log')
      expect((await run('20-nested.yaml', { log })).outputs).toEqual({
        total: 12,
        lines: ['north / Oslo: 7', 'north / Bergen: 5', 'south / Rome: 0'],
      })
      expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual([
        'shop Oslo',
        'shop Bergen',
        'region north',
        'shop Rome',
        'region south',
        'chain: succeeded',
      ])
    }),
}
