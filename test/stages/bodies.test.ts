/** The examples of the kinds with stages inside do what they show. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compile, createEngine, createMemoryStore } from '../../src/index.ts'
import { builtinKinds } from '../../src/stages/index.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-bodies-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const outputs = {
  foreach: { lines: ['1. tea has 3 letters', '2. coffee has 6 letters', '3. milk has 4 letters'] },
  loop: { reached: 128, iterations: 7 },
  switch: { greeting: 'Good morning', branch: 0 },
  parallel: { counted: { letters: 13, words: 3 } },
  pipeline: { lines: ['Hello Ada', 'Welcome Grace'] },
}

describe('the example of', () => {
  it.each(Object.entries(outputs))('%s', async (name, expected) => {
    const { example, files = {} } = builtinKinds.get(name)?.docs ?? { example: '' }
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
    const pipeline = compile(example, { path: join(folder, 'p.yaml') })
    expect(pipeline.diagnostics).toEqual([])
    await using engine = createEngine({ store: createMemoryStore() })
    expect(await engine.execute(pipeline)).toMatchObject({ status: 'succeeded', outputs: expected })
  })

  it('every kind with stages inside', () => {
    const bodies = [...builtinKinds.values()].filter(({ body }) => body).map(({ name }) => name)
    expect(bodies).toEqual(Object.keys(outputs))
  })
})

describe('a kind with stages inside', () => {
  it('is never run itself', () => {
    for (const name of Object.keys(outputs)) {
      expect(() => builtinKinds.get(name)?.run({}, {} as never)).toThrow(`a ${name} is gone through by the engine`)
    }
  })
})
