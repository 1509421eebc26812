/** What becomes of failures, and what runs at the end: from YAML, by both lowerings. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { compile, createEngine, createMemoryStore, defineFunction, type Json, StageError } from '../../src/index.ts'

const told: Json[] = []
const down = new Set<string>()
beforeEach(() => {
  told.length = 0
  down.clear()
})

/** Tells what it is given, and fails while that is down. */
const tell = defineFunction({
  input: z.object({ say: z.any() }),
  run: ({ say }): Json => {
    told.push(say as Json)
    if (down.has(String(say)))
      throw new StageError(`no ${say}`, { category: 'network', code: 'down', retryable: false })
    return say as Json
  },
})
const functions = { 'test/tell': tell }

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-failures-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A stage that tells its id, or something else. */
const says = (id: string, more = '', say: string = id) =>
  `  - { id: ${id}, uses: test/tell, with: { say: ${say} }${more} }\n`
const undone = (id: string) => says(id, `, rollback: { uses: test/tell, with: { say: "undo \${{ output }}" } }`)

describe.each(['stages', 'flow'] as const)('by the lowering %s', (lowering) => {
  async function run(stages: string, top = '', inputs = {}) {
    const pipeline = compile(`name: p\nstages:\n${stages}${top}`, { functions, path: join(folder, 'p.yaml') })
    await using engine = createEngine({ store: createMemoryStore(), functions, lowering })
    const result = await engine.execute(pipeline, inputs)
    return { ...result, warnings: pipeline.diagnostics.map(({ code }) => code) }
  }

  it('takes back a journey whose third booking fails, the last first', async () => {
    down.add('car')
    const result = await run(undone('flight') + undone('hotel') + undone('car'), 'on_error: rollback\n')
    expect(told).toEqual(['flight', 'hotel', 'car', 'undo hotel', 'undo flight'])
    expect(result).toMatchObject({ status: 'rolled_back', error: { stage: 'car', code: 'down' }, warnings: [] })
  })

  it('fails, and takes nothing back, unless it is said', async () => {
    down.add('car')
    const result = await run(undone('flight') + undone('car'))
    expect(told).toEqual(['flight', 'car'])
    expect(result).toMatchObject({ status: 'failed', warnings: ['unreached_rollback', 'unreached_rollback'] })
  })

  it('takes the run back when a stage says so, whatever the pipeline says', async () => {
    down.add('car')
    const result = await run(undone('flight') + says('car', ', on_error: rollback'), 'on_error: fail\n')
    expect(told).toEqual(['flight', 'car', 'undo flight'])
    expect(result).toMatchObject({ status: 'rolled_back', warnings: [] })
  })

  it('takes back an attempt that failed, where a stage says so, without an output', async () => {
    down.add('a')
    const undo = `rollback: { uses: test/tell, with: { say: "\${{ output == null ? 'nothing' : 'it' }}" }, also_on_failure: true }`
    await run(says('a', `, ${undo}`), 'on_error: rollback\n')
    expect(told).toEqual(['a', 'nothing'])
  })

  it('takes back each item with what it saw, and what stages inside pipelines did', async () => {
    down.add('last')
    writeFileSync(
      join(folder, 'child.yaml'),
      `name: child\ninputs: { n: integer }\nstages:\n${says('inner', `, rollback: { uses: test/tell, with: { say: "undo inner \${{ inputs.n }}" } }`)}`,
    )
    const each = `  - id: each\n    foreach: [x, y]\n    concurrency: 1\n    stages:\n    ${says('one', `, rollback: { uses: test/tell, with: { say: "undo \${{ item }}" } }`, '"${{ item }}"').trimStart()}`
    const child = '  - { id: sub, pipeline: ./child.yaml, with: { n: 4 } }\n'
    await run(each.replace('    - {', '      - {') + child + says('last'), 'on_error: rollback\n')
    expect(told).toEqual(['x', 'y', 'inner', 'last', 'undo inner 4', 'undo y', 'undo x'])
  })

  it('uses the first handler that matches, and runs its stages first', async () => {
    down.add('a')
    const handlers = `
    on_error:
      - when: error.category == 'timeout'
        do: fail
      - when: error.code == 'down'
        stages:
      ${says('note', '', '"${{ error.stage }} ${{ error.details == null }}"')}
        do: { continue: "\${{ error.message }}" }
      - do: fail
`
    const result = await run(
      `  - id: a\n    uses: test/tell\n    with: { say: a }${handlers}`,
      'outputs: { a: "${{ stages.a.output }}" }\n',
    )
    expect(told).toEqual(['a', 'a true'])
    expect(result).toMatchObject({ status: 'succeeded', outputs: { a: 'no a' }, tolerated: ['a'] })
  })

  it('fails where no handler matches', async () => {
    down.add('a')
    const result = await run(says('a', `, on_error: [{ when: "error.category == 'timeout'", do: continue }]`))
    expect(result).toMatchObject({ status: 'failed', error: { stage: 'a' } })
  })

  it('waits for somebody who resumes it after a failure that pauses', async () => {
    down.add('a')
    const pipeline = compile(`name: p\nstages:\n${says('a', ', on_error: [{ do: pause }]')}`, { functions })
    await using engine = createEngine({ store: createMemoryStore(), functions, lowering })
    const started = await engine.start(pipeline)
    expect((await started.result).status).toBe('waiting')
    down.clear()
    const [wait] = (await engine.get(started.id))?.waits ?? []
    const resumed = await engine.resume(started.id, { answers: { [wait?.id ?? '']: { decision: 'retry' } } })
    expect((await resumed.result).status).toBe('succeeded')
    expect(told).toEqual(['a', 'a'])
  })

  it('asks the handlers of the pipeline, which see every stage and how the run ended', async () => {
    down.add('b')
    const result = await run(
      undone('a') + says('b') + says('c'),
      `on_error:
  - when: stages.a.status == 'failed'
    do: fail
  - when: error.stage == 'b' && run.status == 'failed' && stages.c.output == null
    stages:
    ${says('note', '', '"${{ stages.a.output }} ${{ run.error.code }} ${{ stages.c.reason }}"').trimStart().replace('- {', '  - {')}
    do: rollback
`,
    )
    expect(told).toEqual(['a', 'b', 'a down failed', 'undo a'])
    expect(result.status).toBe('rolled_back')
  })

  it('runs `finally` however it ends, each stage of it although one before failed', async () => {
    const ends = `finally:\n${says('one', '', '"${{ run.status }} ${{ run.error == null }}"')}${says('two', '', '"${{ stages.one.status }} ${{ stages.a.status }}"')}`
    down.add('succeeded true')
    expect(await run(says('a'), ends)).toMatchObject({ status: 'failed', error: { stage: 'finally.one' } })
    expect(told).toEqual(['a', 'succeeded true', 'failed succeeded'])
    told.length = 0
    down.add('a')
    expect(await run(says('a'), ends)).toMatchObject({ status: 'failed', error: { stage: 'a' } })
    expect(told).toEqual(['a', 'failed false', 'succeeded failed'])
  })

  it('runs what a pipeline inside says about failures and its end', async () => {
    down.add('inner')
    writeFileSync(
      join(folder, 'ends.yaml'),
      `name: ends\nstages:\n${says('inner')}on_error:\n  - stages:\n    ${says('handled', '', '"${{ error.code }}"').trimStart().replace('- {', '  - {')}    do: rollback\nfinally:\n${says('bye', '', '"${{ run.status }}"')}`,
    )
    const result = await run(`${undone('a')}  - { id: sub, pipeline: ./ends.yaml }\n`)
    expect(told).toEqual(['a', 'inner', 'down', 'failed', 'undo a'])
    expect(result).toMatchObject({ status: 'rolled_back', warnings: [] })
  })

  it('stops at its deadline', async () => {
    const result = await run('  - { id: a, run: sleep 5 }\n', 'limits: { deadline: 100ms }\n')
    expect(result).toMatchObject({ status: 'failed', error: { category: 'limit', code: 'run_deadline' } })
  })

  it('reads declared fields that are missing as null, wherever an expression stands', async () => {
    down.add('boom')
    const title = '${{ inputs.who.title }}'
    const result = await run(
      `  - { id: a, transform: "\${{ inputs.who.title == null }}" }
  - id: each
    foreach: [1]
    result: "${title}"
    stages: [{ id: in_each, transform: "${title}" }]
  - { id: skipped, if: "inputs.who.title != null", foreach: [1], stages: [{ id: never, transform: 1 }] }
  - { id: told, uses: test/tell, with: { say: "\${{ [stages.a.output, stages.each.output, stages.skipped.errors] }}" }, rollback: { uses: test/tell, with: { say: "${title}" } } }
  - id: boom
    uses: test/tell
    with: { say: boom }
    on_error: [{ when: error.details == null, stages: [{ id: h, uses: test/tell, with: { say: "${title}" } }], do: fail }]
`,
      `on_error: [{ when: run.error.details == null, do: rollback }]
finally: [{ id: f, uses: test/tell, with: { say: "\${{ [inputs.who.title, stages.skipped.errors] }}" } }]
inputs: { who: { type: object, properties: { title: { type: string } }, default: {} } }
`,
    )
    expect(told).toEqual([[true, [null], null], 'boom', null, null, [null, null]])
    expect(result.status).toBe('rolled_back')
  })

  it('gives back with a cached body what stages inside set and how they ended', async () => {
    down.add('y')
    const pipeline = compile(
      `name: p
vars: { all: { type: { type: array }, merge: append, default: [] } }
stages:
  - id: each
    foreach: [x, y, z]
    on_item_error: continue
    cache: { key: k, ttl: 1h }
    stages: [{ id: one, uses: test/tell, with: { say: "\${{ item }}" }, set: { all: "\${{ [output] }}" } }]
outputs: { all: "\${{ vars.all }}", errors: "\${{ stages.each.errors.map(each, each.item) }}" }
`,
      { functions },
    )
    await using engine = createEngine({ store: createMemoryStore(), functions, lowering })
    const first = await engine.execute(pipeline)
    const second = await engine.execute(pipeline)
    expect(first.outputs).toEqual({ all: ['x', 'z'], errors: ['y'] })
    expect(second.outputs).toEqual(first.outputs)
    expect(told).toHaveLength(3)
  })
})
