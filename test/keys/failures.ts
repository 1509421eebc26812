/** Keys about what runs after a failure and at the end. */
import { expect } from 'vitest'
import type { Effect, Observed } from './observe.ts'

/** A stage that is done, with this about taking it back, and one that fails. */
const undone = (rollback: string, more = '', top = 'on_error: rollback') => `
name: p
stages:
  - { id: a, http: { method: POST, url: "@server/do" }, rollback: ${rollback}${more} }
  - { id: b, run: "exit 7" }
${top}
`
const undo = 'http: { method: DELETE, url: "@server/undo" }'

const asked = (path: string) => (seen: Observed) => seen.requests.filter(({ url }) => url === path)
const asks =
  (path: string, times = 1) =>
  (seen: Observed) =>
    expect(asked(path)(seen)).toHaveLength(times)

const handled = (handlers: string, top = '') => `
name: p
stages:
  - id: a
    run: exit 7
    on_error: ${handlers}
${top}
outputs: { a: "\${{ stages.a.output }}" }
`
const ask = (path: string, id = 'h') => `{ id: ${id}, http: { method: POST, url: "@server/${path}" } }`

export const failureEffects: readonly Effect[] = [
  {
    key: 'stages.on_error.when',
    path: ['stages', 0, 'on_error', 0, 'when'],
    yaml: handled(`[{ when: "error.category == 'timeout'", do: continue }, { do: { continue: 2 } }]`),
    check: ({ outputs }) => expect(outputs).toEqual({ a: 2 }),
  },
  {
    key: 'stages.on_error.stages',
    path: ['stages', 0, 'on_error', 0, 'stages'],
    yaml: handled(`[{ stages: [${ask('h')}], do: continue }]`),
    check: asks('/h'),
  },
  {
    key: 'stages.on_error.do',
    path: ['stages', 0, 'on_error', 0, 'do'],
    yaml: handled('[{ do: continue }]'),
    check: ({ result }) => expect(result.status).toBe('succeeded'),
  },
  {
    key: 'stages.on_error.do.continue',
    path: ['stages', 0, 'on_error', 0, 'do', 'continue'],
    yaml: handled('[{ do: { continue: 3 } }]'),
    check: ({ outputs }) => expect(outputs).toEqual({ a: 3 }),
  },
  {
    key: 'on_error',
    path: ['on_error'],
    yaml: undone(`{ ${undo} }`),
    check: ({ result }) => expect(result.status).toBe('rolled_back'),
  },
  {
    key: 'on_error.when',
    path: ['on_error', 0, 'when'],
    yaml: undone(`{ ${undo} }`, '', `on_error: [{ when: "error.code == 'x'", do: fail }, { do: rollback }]`),
    check: asks('/undo'),
  },
  {
    key: 'on_error.stages',
    path: ['on_error', 0, 'stages'],
    yaml: undone(`{ ${undo} }`, '', `on_error: [{ stages: [${ask('h')}], do: rollback }]`),
    check: asks('/h'),
  },
  {
    key: 'on_error.do',
    path: ['on_error', 0, 'do'],
    yaml: undone(`{ ${undo} }`, '', 'on_error: [{ do: rollback }]'),
    check: asks('/undo'),
  },
  {
    key: 'finally',
    path: ['finally'],
    yaml: `name: p\nstages:\n  - { id: a, run: "exit 7" }\nfinally:\n  - ${ask('last')}\n`,
    check: asks('/last'),
  },
  {
    key: 'limits.deadline',
    path: ['limits', 'deadline'],
    yaml: 'name: p\nlimits: { deadline: 150ms, concurrency: 2 }\nstages:\n  - { id: a, run: sleep 3 }\n',
    check: ({ result }) => expect(result.error).toMatchObject({ category: 'limit', code: 'run_deadline' }),
  },
  {
    key: 'stages.rollback',
    path: ['stages', 0, 'rollback'],
    yaml: undone(`{ ${undo} }`),
    check: asks('/undo'),
  },
  {
    key: 'stages.rollback.also_on_failure',
    path: ['stages', 0, 'rollback', 'also_on_failure'],
    yaml: `name: p\nstages:\n  - { id: a, run: "exit 7", rollback: { ${undo}, also_on_failure: true } }\non_error: rollback\n`,
    check: asks('/undo'),
  },
  {
    key: 'stages.rollback.timeout',
    path: ['stages', 0, 'rollback', 'timeout'],
    yaml: undone('{ run: sleep 0.8, timeout: 100ms, retry: { attempts: 1 } }'),
    check: ({ result }) => expect(result.status).toBe('rollback_failed'),
  },
  {
    key: 'stages.rollback.retry',
    path: ['stages', 0, 'rollback', 'retry'],
    yaml: undone('{ http: { method: DELETE, url: "@server/fail/503" }, retry: { attempts: 1 } }'),
    check: asks('/fail/503'),
  },
  {
    key: 'stages.rollback.env',
    path: ['stages', 0, 'rollback', 'env'],
    yaml: undone('{ run: "test $N = 1", env: { N: "${{ output.count }}" } }'),
    check: ({ result }) => expect(result.status).toBe('rolled_back'),
  },
  {
    key: 'stages.rollback.idempotency_key',
    path: ['stages', 0, 'rollback', 'idempotency_key'],
    yaml: undone(`{ ${undo}, idempotency_key: "undo-\${{ output.count }}" }`),
    check: (seen) => expect(asked('/undo')(seen)[0]?.headers['idempotency-key']).toBe('undo-1:rollback.a'),
  },
  {
    key: 'stages.rollback.output',
    path: ['stages', 0, 'rollback', 'output'],
    yaml: undone(`{ ${undo}, output: { nothing: string } }`),
    check: ({ result }) => expect(result.status).toBe('rollback_failed'),
  },
]
