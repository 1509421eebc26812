/** Keys that every stage may have. */
import { expect } from 'vitest'
import { delays } from './delays.ts'
import { type Effect, outputs } from './observe.ts'

const retry = (map: string, url = '@server/flaky/503/2') => `
name: p
stages:
  - id: a
    http: { url: "${url}" }
    retry: ${map}
    on_error: continue
outputs: { n: "\${{ stages.a.attempts }}", s: "\${{ stages.a.status }}" }
`

export const stageEffects: readonly Effect[] = [
  {
    key: 'stages.id',
    path: ['stages', 0, 'id'],
    yaml: 'name: p\nstages:\n  - { id: first, transform: 1 }\n  - { id: b, transform: "${{ stages.first.output }}" }\noutputs: { b: "${{ stages.b.output }}" }\n',
    check: outputs({ b: 1 }),
  },
  {
    key: 'stages.title',
    path: ['stages', 0, 'title'],
    yaml: 'name: p\nstages:\n  - { id: a, title: Do the thing, transform: 1 }\n',
    check: ({ pipeline }) => {
      expect(pipeline.plan.stages[0]?.title).toBe('Do the thing')
      expect(pipeline.graph().getGraph().drawMermaid()).toBeTruthy()
    },
  },
  {
    key: 'stages.needs',
    path: ['stages', 1, 'needs'],
    yaml: 'name: p\nstages:\n  - { id: slow, needs: [], run: sleep 0.2 }\n  - { id: quick, needs: [], transform: 1 }\n',
    check: ({ events }) =>
      expect(
        events.filter(({ type }) => type === 'stage.succeeded').map((event) => 'stage' in event && event.stage),
      ).toEqual(['quick', 'slow']),
  },
  {
    key: 'stages.needs.stage',
    path: ['stages', 1, 'needs', 0, 'stage'],
    yaml: 'name: p\nstages:\n  - { id: a, uses: core/fail, with: { message: no }, on_error: continue }\n  - { id: b, needs: [{ stage: a }], transform: 1 }\noutputs: { b: "${{ stages.b.status }}" }\n',
    check: outputs({ b: 'succeeded' }),
  },
  {
    key: 'stages.needs.status',
    path: ['stages', 1, 'needs', 0, 'status'],
    yaml: 'name: p\nstages:\n  - { id: a, transform: 1 }\n  - { id: b, needs: [{ stage: a, status: [failed] }], transform: 1 }\noutputs: { b: "${{ stages.b.status }}" }\n',
    check: outputs({ b: 'skipped' }),
  },
  {
    key: 'stages.join',
    path: ['stages', 2, 'join'],
    yaml: 'name: p\nstages:\n  - { id: a, needs: [], if: "false", transform: 1 }\n  - { id: b, needs: [], transform: 1 }\n  - { id: c, needs: [a, b], join: all_succeeded, transform: 1 }\noutputs: { c: "${{ stages.c.status }}" }\n',
    check: outputs({ c: 'skipped' }),
  },
  {
    key: 'stages.if',
    path: ['stages', 0, 'if'],
    yaml: 'name: p\nstages:\n  - { id: a, if: 1 > 2, transform: 1 }\noutputs: { a: "${{ stages.a.status }}" }\n',
    check: outputs({ a: 'skipped' }),
  },
  {
    key: 'stages.timeout',
    path: ['stages', 0, 'timeout'],
    yaml: 'name: p\nstages:\n  - { id: a, run: sleep 1, timeout: 100ms }\n',
    check: ({ result }) => expect(result.error).toMatchObject({ stage: 'a', category: 'timeout' }),
  },
  {
    key: 'stages.timeout.total',
    path: ['stages', 0, 'timeout', 'total'],
    yaml: 'name: p\nstages:\n  - { id: a, run: "for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done", timeout: { total: 300ms, idle: 10s } }\n',
    check: ({ result }) => expect(result.error).toMatchObject({ stage: 'a', category: 'timeout' }),
  },
  {
    key: 'stages.timeout.idle',
    path: ['stages', 0, 'timeout', 'idle'],
    yaml: 'name: p\nstages:\n  - { id: a, run: "echo started; sleep 1", timeout: { total: 1m, idle: 300ms } }\n',
    check: ({ result }) => expect(result.error).toMatchObject({ stage: 'a', category: 'timeout' }),
  },
  {
    key: 'stages.retry',
    path: ['stages', 0, 'retry'],
    yaml: 'name: p\nstages:\n  - { id: a, run: "exit 7", retry: { attempts: 2, delay: 1ms, on: [exit_code] }, on_error: continue }\noutputs: { n: "${{ stages.a.attempts }}" }\n',
    check: outputs({ n: 2 }),
  },
  {
    key: 'stages.retry.attempts',
    path: ['stages', 0, 'retry', 'attempts'],
    yaml: retry('{ attempts: 2, delay: 1ms, max_delay: 2ms }', '@server/fail/503'),
    check: outputs({ n: 2, s: 'failed' }),
  },
  {
    key: 'stages.retry.delay',
    path: ['stages', 0, 'retry', 'delay'],
    yaml: retry('{ attempts: 2, delay: 300ms, jitter: false }'),
    check: ({ events }) => expect(delays(events)).toEqual([expect.closeTo(300, -2)]),
  },
  {
    key: 'stages.retry.backoff',
    path: ['stages', 0, 'retry', 'backoff'],
    yaml: retry('{ attempts: 4, delay: 30ms, backoff: constant, jitter: false }', '@server/flaky/503/3'),
    check: ({ events }) => expect(Math.max(...delays(events))).toBeLessThan(55),
  },
  {
    key: 'stages.retry.max_delay',
    path: ['stages', 0, 'retry', 'max_delay'],
    yaml: retry('{ attempts: 4, delay: 30ms, max_delay: 40ms, jitter: false }', '@server/flaky/503/3'),
    check: ({ events }) => expect(Math.max(...delays(events))).toBeLessThan(55),
  },
  {
    key: 'stages.retry.jitter',
    path: ['stages', 0, 'retry', 'jitter'],
    yaml: retry('{ attempts: 9, delay: 40ms, backoff: constant, jitter: false }', '@server/flaky/503/8'),
    check: ({ events }) => expect(Math.min(...delays(events))).toBeGreaterThan(33),
  },
  {
    key: 'stages.retry.on',
    path: ['stages', 0, 'retry', 'on'],
    yaml: retry('{ attempts: 2, delay: 1ms, on: [http_4xx] }', '@server/fail/404'),
    check: outputs({ n: 2 }),
  },
  {
    key: 'stages.on_error',
    path: ['stages', 0, 'on_error'],
    yaml: 'name: p\nstages:\n  - { id: a, uses: core/fail, with: { message: no }, on_error: continue }\noutputs: { a: "${{ stages.a.tolerated }}" }\n',
    check: outputs({ a: true }),
  },
  {
    key: 'stages.on_error.continue',
    path: ['stages', 0, 'on_error', 'continue'],
    yaml: 'name: p\nstages:\n  - { id: a, uses: core/fail, with: { message: no }, on_error: { continue: { rows: 3 } } }\noutputs: { a: "${{ stages.a.output.rows }}" }\n',
    check: outputs({ a: 3 }),
  },
  {
    key: 'stages.output',
    path: ['stages', 0, 'output'],
    yaml: 'name: p\nstages:\n  - { id: a, http: { url: "@server/" }, output: { missing: string } }\n',
    check: ({ result }) => expect(result.error).toMatchObject({ stage: 'a', category: 'validation' }),
  },
  {
    key: 'stages.set',
    path: ['stages', 0, 'set'],
    yaml: 'name: p\nvars: { n: { type: number, default: 0 } }\nstages:\n  - { id: a, transform: 7, set: { n: "${{ output + 1 }}" } }\noutputs: { n: "${{ vars.n }}" }\n',
    check: ({ outputs: found, events }) => {
      expect(found).toEqual({ n: 8 })
      expect(events.filter(({ type }) => type === 'variable.changed')).toMatchObject([{ variable: 'n', value: 8 }])
    },
  },
  {
    key: 'stages.env',
    path: ['stages', 0, 'env'],
    yaml: 'name: p\nstages:\n  - { id: a, run: "echo $WHO", env: { WHO: Ada } }\noutputs: { a: "${{ stages.a.output }}" }\n',
    check: outputs({ a: 'Ada' }),
  },
  {
    key: 'stages.once',
    path: ['stages', 0, 'once'],
    yaml: 'name: p\nstages:\n  - { id: a, run: sleep 0.2, once: true }\n',
    abandoned: true,
    check: ({ result, state }) => {
      expect(result.status).toBe('waiting')
      expect(state.waits).toMatchObject([{ stage: 'a', ambiguous: true }])
    },
  },
  {
    key: 'stages.checkpoint',
    path: ['stages', 0, 'checkpoint'],
    yaml: 'name: p\nstages:\n  - { id: a, transform: 1, checkpoint: true }\n  - { id: b, transform: 2 }\n',
    check: ({ checkpoints }) => expect(checkpoints).toContainEqual(['a']),
  },
  {
    key: 'stages.idempotency_key',
    path: ['stages', 0, 'idempotency_key'],
    yaml: 'name: p\nstages:\n  - { id: a, run: "echo $STAGEGRAPH_IDEMPOTENCY_KEY", idempotency_key: "order-${{ 7 }}" }\noutputs: { a: "${{ stages.a.output }}" }\n',
    check: outputs({ a: 'order-7' }),
  },
  {
    key: 'stages.limits',
    path: ['stages', 0, 'limits'],
    yaml: 'name: p\nstages:\n  - { id: a, run: "printf 1234567890", limits: { output_bytes: 5 } }\n',
    check: ({ result }) => expect(result.error).toMatchObject({ stage: 'a', category: 'limit' }),
  },
  {
    key: 'stages.limits.output_bytes',
    path: ['stages', 0, 'limits', 'output_bytes'],
    yaml: 'name: p\nstages:\n  - { id: a, run: "printf 1234567890", limits: { output_bytes: 5 } }\n',
    check: ({ result }) => expect(result.error).toMatchObject({ stage: 'a', category: 'limit' }),
  },
  {
    key: 'stages.cache',
    path: ['stages', 0, 'cache'],
    yaml: 'name: p\nstages:\n  - { id: a, http: { url: "@server/" }, cache: { key: k, ttl: 1h } }\noutputs: { n: "${{ stages.a.output.count }}" }\n',
    runs: 2,
    check: ({ outputs: first, again, requests }) => {
      expect([first, ...again]).toEqual([{ n: 1 }, { n: 1 }])
      expect(requests).toHaveLength(1)
    },
  },
  {
    key: 'stages.cache.key',
    path: ['stages', 0, 'cache', 'key'],
    yaml: 'name: p\ninputs: { k: { type: string, default: x } }\nstages:\n  - { id: a, http: { url: "@server/" }, cache: { key: "${{ inputs.k }}", ttl: 1h } }\noutputs: { n: "${{ stages.a.output.count }}" }\n',
    runs: 2,
    check: ({ again }) => expect(again).toEqual([{ n: 1 }]),
  },
  {
    key: 'stages.cache.ttl',
    path: ['stages', 0, 'cache', 'ttl'],
    yaml: 'name: p\nstages:\n  - { id: a, http: { url: "@server/" }, cache: { key: k, ttl: 0ms } }\noutputs: { n: "${{ stages.a.output.count }}" }\n',
    runs: 2,
    check: ({ again }) => expect(again).toEqual([{ n: 2 }]),
  },
]
