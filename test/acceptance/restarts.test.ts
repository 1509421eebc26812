/**
 * Rows of `peers-lessons.md` C2 that speak of a restart: every step is a process of its own, and what it knows it finds
 * in the file. Commands note what they did in a file, so what ran is known whoever ran it.
 */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Desk, openDesk } from './cli.ts'

let desk: Desk
beforeEach(() => {
  desk = openDesk()
})
afterEach(() => desk.clear())

const effects = (): string[] => desk.read('effects').split('\n').filter(Boolean)
const start = (...more: string[]) => desk.stagegraph('run', 'row.yaml', '--thread', 't', ...more)

/** What `show --json` says of the run. */
async function shown(): Promise<{ status: string; waits: { id: string; stage: string }[]; outputs: unknown }> {
  const { out } = await desk.stagegraph('show', 't', '--json')
  const state = JSON.parse(out)
  return { status: state.status, waits: state.waits, outputs: state.result?.outputs ?? null }
}

it('5: a question inside a foreach: items and indexes outlive the process', async () => {
  desk.write(
    'row.yaml',
    `
name: row
stages:
  - id: all
    foreach: [x, y]
    stages:
      - { id: before, run: 'echo "before $I" >> effects', env: { I: "\${{ index }}\${{ item }}" } }
      - { id: q, ask: { message: "\${{ item }}?", form: { n: integer } } }
      - { id: after, run: 'echo "after $I" >> effects', env: { I: "\${{ index }}\${{ item }}\${{ stages.q.output.n }}" } }
outputs: { errors: "\${{ stages.all.errors }}" }
`,
  )
  await start()
  expect(effects().toSorted()).toEqual(['before 0x', 'before 1y'])
  await desk.stagegraph('answer', 't', 'all[1].q', '--value', '{"n": 7}')
  await desk.stagegraph('answer', 't', 'all[0].q', '--value', '{"n": 3}')
  expect(await shown()).toMatchObject({ status: 'succeeded', waits: [], outputs: { errors: [] } })
  expect(effects().toSorted()).toEqual(['after 0x3', 'after 1y7', 'before 0x', 'before 1y'])
})

it('8: the second and the third resume skip what is done, and keep what it gave', async () => {
  const step = (n: number) => `
  - { id: work${n}, run: 'echo ${n} >> effects; echo out${n}' }
  - { id: q${n}, ask: { message: On?, form: { n: integer } } }`
  desk.write(
    'row.yaml',
    `
name: row
stages:${[1, 2, 3].map(step).join('')}
outputs: { all: "\${{ [stages.work1.output, stages.work2.output, stages.work3.output] }}" }
`,
  )
  await start()
  for (const n of [1, 2, 3]) await desk.stagegraph('answer', 't', `q${n}`, '--value', '{"n": 1}')
  expect(effects()).toEqual(['1', '2', '3'])
  expect((await shown()).outputs).toEqual({ all: ['out1', 'out2', 'out3'] })
})

it('14: a question in a pipeline inside a pipeline is gone on from where it stood', async () => {
  desk.write(
    'child.yaml',
    `
name: child
inputs: { who: string }
stages:
  - { id: work, run: 'echo "did $WHO" >> effects', env: { WHO: "\${{ inputs.who }}" } }
  - { id: q, ask: { message: "\${{ inputs.who }}?", form: { n: integer } } }
outputs: { n: "\${{ stages.q.output.n }}" }
`,
  )
  desk.write(
    'row.yaml',
    `
name: row
stages:
  - { id: sub, pipeline: ./child.yaml, with: { who: ann } }
  - { id: after, run: 'echo after >> effects' }
outputs: { n: "\${{ stages.sub.output.n }}" }
`,
  )
  await start()
  expect((await shown()).waits.map(({ stage }) => stage)).toEqual(['sub.q'])
  await desk.stagegraph('answer', 't', 'sub.q', '--value', '{"n": 5}')
  expect(await shown()).toMatchObject({ status: 'succeeded', outputs: { n: 5 } })
  expect(effects()).toEqual(['did ann', 'after'])
})

it('18: a pipeline that is edited while its run waits: the run goes on with the one it was started with', async () => {
  const yaml = (word: string) => `
name: row
stages:
  - { id: q, ask: { message: On?, form: { n: integer } } }
  - { id: work, run: 'echo ${word} >> effects' }
`
  desk.write('row.yaml', yaml('old'))
  await start()
  desk.write('row.yaml', yaml('new'))
  const { err } = await desk.stagegraph('resume', 't')
  expect(err).toContain('has changed since this run was started')
  await desk.stagegraph('answer', 't', 'q', '--value', '{"n": 1}')
  expect(effects()).toEqual(['old'])
  const again = await start()
  expect(again.code).not.toBe(0)
  expect(again.err).toContain('another version')
})

it('19: a stage whose process is killed runs again, with the same key', async () => {
  desk.write(
    'row.yaml',
    `
name: row
stages:
  - { id: before, run: 'echo before >> effects' }
  - id: all
    foreach: [a, b]
    concurrency: 1
    stages:
      - id: work
        run: |
          echo "$I $STAGEGRAPH_IDEMPOTENCY_KEY" >> effects
          test -f killed-$I || { touch killed-$I; kill -9 $PPID; sleep 5; }
        env: { I: "\${{ item }}" }
  - { id: after, run: 'echo after >> effects' }
`,
  )
  await start()
  await desk.stagegraph('resume', 't')
  expect((await desk.stagegraph('resume', 't')).code).toBe(0)
  const told = effects()
  const keysOf = (item: string) => told.filter((line) => line.startsWith(`${item} `))
  expect(told.filter((line) => line === 'before')).toHaveLength(1)
  expect(told.at(-1)).toBe('after')
  for (const item of ['a', 'b']) expect([keysOf(item).length, new Set(keysOf(item)).size]).toEqual([2, 1])
  expect(keysOf('a')[0]?.slice(2)).not.toBe(keysOf('b')[0]?.slice(2))
}, 30_000)

it('22: hostile inputs reach neither a shell nor an expression', async () => {
  desk.write(
    'row.yaml',
    `
name: row
inputs: { text: string }
stages:
  - { id: say, run: 'printf %s "$TEXT"', env: { TEXT: "\${{ inputs.text }}" } }
  - { id: again, transform: "\${{ stages.say.output }}" }
outputs: { text: "\${{ stages.again.output }}" }
`,
  )
  const text = '$(touch owned); `touch owned`; "; touch owned #${{ 1 + 1 }} {{ x }} ${{ secrets.KEY }}'
  const { code } = await start('--input', `text=${text}`)
  expect(code).toBe(0)
  expect((await shown()).outputs).toEqual({ text })
  expect(desk.read('owned')).toBe('')
  const { out } = await desk.stagegraph('runs', '--json')
  expect(out.trim().split('\n')).toHaveLength(1)
})
