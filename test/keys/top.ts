/** Keys of the whole pipeline. */
import { expect } from 'vitest'
import { type Effect, outputs } from './observe.ts'

const counting = (limits: string) => `
name: p
${limits}
stages:
  - { id: a, needs: [], run: "echo s; sleep 0.1; echo e" }
  - { id: b, needs: [], run: "echo s; sleep 0.1; echo e" }
  - { id: c, needs: [], run: "echo s; sleep 0.1; echo e" }
`

/** The largest number of stages that ran at once. */
const together = (events: readonly { type: string }[]): number => {
  let [now, most] = [0, 0]
  for (const { type } of events) {
    if (type === 'stage.started') most = Math.max(most, ++now)
    if (type === 'stage.succeeded') now--
  }
  return most
}

export const topEffects: readonly Effect[] = [
  {
    key: 'name',
    path: ['name'],
    yaml: 'name: nominal\nstages:\n  - { id: a, transform: "${{ run.pipeline }}" }\noutputs: { n: "${{ stages.a.output }}" }\n',
    check: outputs({ n: 'nominal' }),
  },
  {
    key: 'version',
    path: ['version'],
    yaml: 'name: p\nversion: "2.1"\nstages:\n  - { id: a, transform: "${{ run.version }}" }\noutputs: { v: "${{ stages.a.output }}" }\n',
    check: ({ outputs: found, state }) => {
      expect(found).toEqual({ v: '2.1' })
      expect(state.version).toBe('2.1')
    },
  },
  {
    key: 'description',
    path: ['description'],
    yaml: 'name: p\ndescription: What it is for.\nstages:\n  - { id: a, transform: 1 }\n',
    check: ({ pipeline }) => expect(pipeline.plan.description).toBe('What it is for.'),
  },
  {
    key: 'inputs',
    path: ['inputs'],
    yaml: 'name: p\ninputs: { n: { type: integer, default: 4 } }\nstages:\n  - { id: a, transform: "${{ inputs.n + 1 }}" }\noutputs: { n: "${{ stages.a.output }}" }\n',
    check: outputs({ n: 5 }),
  },
  {
    key: 'types',
    path: ['types'],
    yaml: 'name: p\ntypes: { Point: { x: number } }\ninputs: { p: Point }\nstages:\n  - { id: a, transform: "${{ inputs.p.x }}" }\noutputs: { x: "${{ stages.a.output }}" }\n',
    inputs: { p: { x: 3 } },
    check: outputs({ x: 3 }),
  },
  {
    key: 'vars',
    path: ['vars'],
    yaml: 'name: p\nvars: { n: { type: number } }\nstages:\n  - { id: a, transform: 7, set: { n: "${{ output }}" } }\noutputs: { n: "${{ vars.n }}" }\n',
    check: outputs({ n: 7 }),
  },
  {
    key: 'vars.type',
    path: ['vars', 'n', 'type'],
    yaml: 'name: p\nvars: { n: { type: number, default: 0 } }\ninputs: { any: { default: text } }\nstages:\n  - { id: a, http: { url: "@server/" }, set: { n: "${{ output.url }}" } }\noutputs: { n: "${{ vars.n }}", any: "${{ inputs.any }}" }\n',
    check: ({ result }) => expect(result).toMatchObject({ status: 'failed', error: { category: 'validation' } }),
  },
  {
    key: 'vars.merge',
    path: ['vars', 'n', 'merge'],
    yaml: 'name: p\nvars: { n: { type: number, merge: sum } }\nstages:\n  - { id: a, transform: 1, set: { n: 2 } }\n  - { id: b, transform: 1, set: { n: 3 } }\noutputs: { n: "${{ vars.n }}" }\n',
    check: outputs({ n: 5 }),
  },
  {
    key: 'vars.default',
    path: ['vars', 'n', 'default'],
    yaml: 'name: p\nvars: { n: { type: number, merge: sum, default: 10 } }\nstages:\n  - { id: a, transform: 1, set: { n: 2 } }\noutputs: { n: "${{ vars.n }}" }\n',
    check: outputs({ n: 12 }),
  },
  {
    key: 'models',
    path: ['models'],
    yaml: 'name: p\nmodels: { default: "openai:scripted" }\nstages:\n  - { id: a, llm: { prompt: Hi } }\n',
    check: ({ requests }) => expect(JSON.parse(requests[0]?.body ?? '{}')).toMatchObject({ model: 'scripted' }),
  },
  {
    key: 'env',
    path: ['env'],
    yaml: 'name: p\nenv: [GREETING, { LOCALE: en }]\nstages:\n  - { id: a, transform: "${{ env.GREETING }} ${{ env.LOCALE }}" }\noutputs: { g: "${{ stages.a.output }}" }\n',
    check: outputs({ g: 'hi en' }),
  },
  {
    key: 'secrets',
    path: ['secrets'],
    yaml: 'name: p\nsecrets: [TOKEN]\nstages:\n  - { id: a, run: "echo length ${#TOKEN} $TOKEN", env: { TOKEN: "${{ secrets.TOKEN }}" } }\noutputs: { o: "${{ stages.a.output }}" }\n',
    check: ({ outputs: found, state, events }) => {
      expect(found.o).toMatch(/^length 12 /)
      expect(JSON.stringify([found, state, events])).not.toContain('s3cret-token')
    },
  },
  {
    key: 'defaults',
    path: ['defaults'],
    yaml: 'name: p\ndefaults: { timeout: 50ms }\nstages:\n  - { id: a, http: { url: "@server/slow" } }\n',
    check: ({ result }) => expect(result.error).toMatchObject({ category: 'timeout' }),
  },
  {
    key: 'defaults.timeout',
    path: ['defaults', 'timeout'],
    yaml: 'name: p\ndefaults: { timeout: 50ms, retry: { attempts: 1 } }\nstages:\n  - { id: a, http: { url: "@server/slow" } }\n',
    check: ({ result }) => expect(result.error).toMatchObject({ category: 'timeout' }),
  },
  {
    key: 'defaults.retry',
    path: ['defaults', 'retry'],
    yaml: 'name: p\ndefaults: { timeout: 10s, retry: { attempts: 2, delay: 1ms } }\nstages:\n  - { id: a, http: { url: "@server/flaky/503/1" } }\n  - { id: b, http: { url: "@server/fail/503" }, on_error: continue }\n  - { id: c, run: exit 1, on_error: continue }\noutputs: { n: "${{ stages.b.attempts }}", c: "${{ stages.c.attempts }}" }\n',
    check: outputs({ n: 2, c: 1 }),
  },
  {
    key: 'limits',
    path: ['limits'],
    yaml: counting('limits: { concurrency: 1 }'),
    check: ({ events }) => expect(together(events)).toBe(1),
  },
  {
    key: 'limits.concurrency',
    path: ['limits', 'concurrency'],
    yaml: counting('limits: { concurrency: 2, timeout: 1m }'),
    check: ({ events }) => expect(together(events)).toBe(2),
  },
  {
    key: 'limits.timeout',
    path: ['limits', 'timeout'],
    yaml: 'name: p\nlimits: { timeout: 150ms, concurrency: 2 }\nstages:\n  - { id: a, run: sleep 3 }\n',
    check: ({ result }) => expect(result.error).toMatchObject({ category: 'limit', code: 'run_timeout' }),
  },
  {
    key: 'stages',
    path: ['stages'],
    yaml: 'name: p\nstages:\n  - { id: a, transform: 1 }\n',
    check: ({ state }) => expect(state.stages.map(({ id }) => id)).toEqual(['a']),
  },
  {
    key: 'outputs',
    path: ['outputs'],
    yaml: 'name: p\nstages:\n  - { id: a, transform: 1 }\noutputs: { a: "${{ stages.a.output }}" }\n',
    check: outputs({ a: 1 }),
  },
]
