import { describe, expect, it } from 'vitest'
import { createPainter } from '../../../src/cli/render/picture.ts'
import { treeLines } from '../../../src/cli/render/tree.ts'
import type { Failure } from '../../../src/foundation/errors.ts'
import type { RunEvent } from '../../../src/foundation/events.ts'
import type { Plan } from '../../../src/foundation/plan.ts'
import { asciiStyle, events, noonPlus, plainStyle, stagePlan, started, testPlan } from '../support.ts'

const plan = testPlan(
  [
    stagePlan('list'),
    stagePlan('audit', {
      kind: 'run',
      retry: { attempts: 3, delayMs: 1, backoff: 'constant', maxDelayMs: 1, jitter: false, on: ['network'] },
    }),
    stagePlan('report', { kind: 'uses' }),
  ],
  { name: 'licences' },
)

const lost: Failure = { category: 'network', code: 'network', message: 'The line\nis dead.' }

function draw(
  run: readonly RunEvent[],
  options: { plan?: Plan; width?: number; height?: number; ms?: number; ascii?: boolean } = {},
) {
  const painter = createPainter(options.plan ?? plan)
  for (const event of run) painter.enter(event)
  const style = options.ascii ? asciiStyle : plainStyle
  return treeLines(painter.picture, {
    width: options.width ?? 80,
    height: options.height ?? 24,
    nowMs: noonPlus(options.ms ?? 3_500),
    style,
  })
}

const running = events(
  [0, started('licences', 3)],
  [0, { type: 'stage.started', stage: 'list', kind: 'transform', attempt: 1 }],
  [
    0.2,
    { type: 'stage.succeeded', stage: 'list', output: 1, attempts: 1, duration_ms: 200 },
    { progress: 33.3, eta_ms: 5_000 },
  ],
  [0.4, { type: 'stage.started', stage: 'audit', kind: 'run', attempt: 1 }],
  [
    0.5,
    {
      type: 'stage.retrying',
      stage: 'audit',
      attempt: 1,
      error: lost,
      next_at: '2026-01-01T12:00:01.000Z',
      counts: true,
    },
  ],
  [1, { type: 'stage.started', stage: 'audit', kind: 'run', attempt: 2 }],
  [1, { type: 'stage.progressed', stage: 'audit', fraction: 0.409, message: 'reading' }],
  [2, { type: 'stage.output', stage: 'audit', stream: 'stdout', text: 'left-pad\u001b[2J\n' }],
)

describe('the tree', () => {
  it('shows what is done, what runs and what is to come, with times, percentage and time left', () => {
    expect(draw(running)).toEqual([
      'licences r_1',
      '├─ ✔ list     200ms',
      '├─ ⠴ audit     3.1s  attempt 2 of 3  40 %  left-pad',
      '└─ · report',
      '━━━━━━━━━━──────────────────── 33 %  3.5s, about 1.7s left',
    ])
  })

  it('shows the same in ASCII', () => {
    expect(draw(running, { ascii: true })).toEqual([
      'licences r_1',
      '|- + list     200ms',
      '|- \\ audit     3.1s  attempt 2 of 3  40 %  left-pad',
      '`- . report',
      '##########-------------------- 33 %  3.5s, about 1.7s left',
    ])
  })

  it('cuts its lines at the width of the terminal', () => {
    expect(draw(running, { width: 24 })).toEqual([
      'licences r_1',
      '├─ ✔ list     200ms',
      '├─ ⠴ audit     3.1s  at…',
      '└─ · report',
      '33 %  3.5s, about 1.7s …',
    ])
  })

  it('says why a stage failed, was skipped or waits for its next attempt', () => {
    expect(draw(running.slice(0, 5), { ms: 900 })[2]).toBe(
      '├─ ◌ audit    500ms  attempt 1 of 3 failed  network: The line is dead.',
    )
    const failed = events(
      [0, started('licences', 3)],
      [0, { type: 'stage.started', stage: 'list', kind: 'transform', attempt: 1 }],
      [
        1,
        {
          type: 'stage.failed',
          stage: 'list',
          error: lost,
          tolerated: true,
          output: null,
          attempts: 1,
          duration_ms: 1_000,
        },
      ],
      [
        1,
        {
          type: 'stage.failed',
          stage: 'audit',
          error: lost,
          tolerated: false,
          output: null,
          attempts: 3,
          duration_ms: 1_500,
        },
      ],
      [1, { type: 'stage.skipped', stage: 'report', reason: 'failed' }, { progress: 100 }],
    )
    expect(draw(failed, { ms: 1_000 })).toEqual([
      'licences r_1',
      '├─ ▲ list      1.0s  tolerated  network: The line is dead.',
      '├─ ✖ audit     1.5s  attempt 3 of 3  network: The line is dead.',
      '└─ ↷ report  skipped: what it needs failed',
      '━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 100 %  1.0s',
    ])
  })

  it('shows the end of what a model answers', () => {
    const answer = events(
      [0, started('licences', 3)],
      [0, { type: 'stage.started', stage: 'list', kind: 'llm', attempt: 1 }],
      [0, { type: 'token.streamed', stage: 'list', text: 'Once ' }],
      [0, { type: 'token.streamed', stage: 'list', text: 'upon\n' }],
      [0, { type: 'token.streamed', stage: 'list', text: 'a time' }],
    )
    expect(draw(answer, { ms: 100 })[1]).toBe('├─ ⠙ list     100ms  Once upon a time')
  })

  it('puts back what ran when the run was resumed', () => {
    const resumed = [...running, ...events([60, { type: 'run.resumed', stretch: 2 }])]
    expect(draw(resumed, { ms: 61_000 })).toEqual([
      'licences r_1',
      '├─ ✔ list     200ms',
      '├─ · audit',
      '└─ · report',
      '━━━━━━━━━━──────────────────── 33 %  1.0s',
    ])
  })

  it('shows what fits into the rows of the terminal, around what runs', () => {
    const many = testPlan(Array.from({ length: 50 }, (_, at) => stagePlan(`s${at}`)))
    const run = events(
      [0, started('p', 50)],
      ...Array.from(
        { length: 20 },
        (_, at) => [0, { type: 'stage.succeeded', stage: `s${at}`, output: 1, attempts: 1, duration_ms: 5 }] as const,
      ),
      [0, { type: 'stage.started', stage: 's20', kind: 'run', attempt: 1 }, { progress: 40 }],
    )
    expect(draw(run, { plan: many, height: 8, ms: 0 })).toEqual([
      'p r_1',
      '├─ … 19 above: 19 succeeded',
      '├─ ✔ s19     5ms',
      '├─ ⠋ s20     0ms',
      '├─ · s21',
      '├─ · s22',
      '└─ … 27 below',
      '━━━━━━━━━━━━────────────────── 40 %  0ms',
    ])
  })
})
