/** Keys of the whole pipeline. */
import { expect } from 'vitest'
import { delays } from './delays.ts'
import { type Effect, type Observed, outputs } from './observe.ts'

const clockCommand = 'run: "date +%s%N; sleep 0.4; date +%s%N"'

const counting = (limits: string) => `
name: p
${limits}
stages:
  - { id: a, needs: [], ${clockCommand} }
  - { id: b, needs: [], ${clockCommand} }
  - { id: c, needs: [], ${clockCommand} }
outputs: { all: ["\${{ stages.a.output }}", "\${{ stages.b.output }}", "\${{ stages.c.output }}"] }
`

/** The largest number of commands that ran at once, by what they say of their beginnings and ends. */
function together({ outputs: found }: Observed): number {
  const spans = (found.all as readonly string[]).map((text) => text.split('\n').map(BigInt))
  const during = spans.map(([start = 0n]) => spans.filter(([from = 0n, to = 0n]) => from <= start && start < to).length)
  return Math.max(...during)
}

const retryDefaults = (map: string, path = '/flaky/503/2') => `
name: p
defaults:
  retry: ${map}
stages:
  - id: a
    http: { url: "@server${path}" }
    on_error: continue
outputs: { n: "\${{ stages.a.attempts }}" }
`

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
    yaml: 'name: p\nvars: { n: { type: number, default: 0 } }\ninputs: { any: { type: string, default: text } }\nstages:\n  - { id: a, http: { url: "@server/" }, set: { n: "${{ output.url }}" } }\noutputs: { n: "${{ vars.n }}", any: "${{ inputs.any }}" }\n',
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
    key: 'defaults.retry.attempts',
    path: ['defaults', 'retry', 'attempts'],
    yaml: retryDefaults('{ attempts: 2, delay: 1ms, max_delay: 2ms }', '/fail/503'),
    check: outputs({ n: 2 }),
  },
  {
    key: 'defaults.retry.delay',
    path: ['defaults', 'retry', 'delay'],
    yaml: retryDefaults('{ attempts: 2, delay: 300ms, jitter: false }'),
    check: ({ events }) => expect(delays(events)).toEqual([expect.closeTo(300, -2)]),
  },
  {
    key: 'defaults.retry.backoff',
    path: ['defaults', 'retry', 'backoff'],
    yaml: retryDefaults('{ attempts: 3, delay: 30ms, backoff: constant, jitter: false }'),
    check: ({ events }) => expect(Math.max(...delays(events))).toBeLessThan(55),
  },
  {
    key: 'defaults.retry.max_delay',
    path: ['defaults', 'retry', 'max_delay'],
    yaml: retryDefaults('{ attempts: 3, delay: 30ms, max_delay: 40ms, jitter: false }'),
    check: ({ events }) => expect(Math.max(...delays(events))).toBeLessThan(55),
  },
  {
    key: 'defaults.retry.jitter',
    path: ['defaults', 'retry', 'jitter'],
    yaml: retryDefaults('{ attempts: 9, delay: 40ms, backoff: constant, jitter: false }', '/flaky/503/8'),
    check: ({ events }) => expect(Math.min(...delays(events))).toBeGreaterThan(33),
  },
  {
    key: 'defaults.retry.on',
    path: ['defaults', 'retry', 'on'],
    yaml: retryDefaults('{ attempts: 2, delay: 1ms, on: [http_4xx] }', '/fail/404'),
    check: outputs({ n: 2 }),
  },
  {
    key: 'limits',
    path: ['limits'],
    yaml: counting('limits: { concurrency: 1 }'),
    check: (seen) => expect(together(seen)).toBe(1),
  },
  {
    key: 'limits.concurrency',
    path: ['limits', 'concurrency'],
    yaml: counting('limits: { concurrency: 2, timeout: 1m }'),
    check: (seen) => expect(together(seen)).toBe(2),
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
