/** What a resume would do, read off logs of every sort. */
import { describe, expect, it } from 'vitest'
import { planRecovery } from '../../src/execution/recovery-plan.ts'
import { type DatedEvent, foldPast } from '../../src/foundation/past.ts'
import { compile, createEngine, createMemoryStore, defineFunction } from '../../src/index.ts'

const at = '2026-01-01T00:00:00.000Z'
const functions = { 'test/call': defineFunction({ run: () => 1 }) }
const { plan } = compile(
  `name: p
stages:
  - { id: call, uses: test/call }
  - { id: paid, uses: test/call, once: true }
  - { id: sum, transform: 1 }
`,
  { functions },
)

const started = (stage: string, attempt = 1): DatedEvent => ({
  type: 'stage.started',
  stage,
  kind: 'uses',
  attempt,
  at,
})
const crashed = (stage: string): DatedEvent => ({ type: 'stage.crashed', stage, attempt: 1, crashes: 1, at })
const asked = (stage: string, ambiguous: boolean): DatedEvent => ({
  type: 'wait.started',
  wait: 'w',
  stage,
  value: null,
  ...(ambiguous && { ambiguous: true }),
  at,
})
const answered = (stage: string, answer: number | object): DatedEvent =>
  ({ type: 'wait.fired', wait: 'w', stage, answer, at }) as DatedEvent
const failure = { category: 'execution', code: 'x', message: 'x' } as const

/** How the plan speaks of one stage after these events. */
function planned(stage: string, ...events: DatedEvent[]) {
  const stages = planRecovery(plan, foldPast(events), ({ kind }) => kind !== 'transform')
  return stages.find((each) => each.stage === stage)
}

describe('a stage', () => {
  it.each([
    ['that has not begun', 'call', [], { does: 'runs', because: 'not_started', ambiguous: false, attempts: 0 }],
    [
      'that ended',
      'call',
      [started('call'), { type: 'stage.succeeded', stage: 'call', output: 1, attempts: 1, duration_ms: 1, at }],
      { does: 'reused', because: 'recorded', status: 'succeeded', ambiguous: false },
    ],
    ['that was running', 'call', [started('call')], { does: 'runs', because: 'unknown_end', ambiguous: true }],
    [
      'whose death is told',
      'call',
      [started('call'), crashed('call')],
      { does: 'runs', because: 'unknown_end', ambiguous: true, attempts: 1 },
    ],
    ['without effects', 'sum', [started('sum')], { does: 'runs', because: 'unknown_end', ambiguous: false }],
    ['that may run once', 'paid', [started('paid')], { does: 'waits', because: 'unknown_end', ambiguous: true }],
    [
      'that may run once and has asked',
      'paid',
      [started('paid'), crashed('paid'), asked('paid', true)],
      { does: 'waits', because: 'waiting', wait: 'w', ambiguous: true },
    ],
    [
      'that may run once and was decided on',
      'paid',
      [started('paid'), crashed('paid'), asked('paid', true), answered('paid', { decision: 'retry' })],
      { does: 'runs', because: 'answered', ambiguous: false },
    ],
    [
      'that failed and is tried again',
      'call',
      [
        started('call'),
        { type: 'stage.retrying', stage: 'call', attempt: 1, error: failure, next_at: at, counts: true, at },
      ],
      { does: 'runs', because: 'retry', next_at: at, ambiguous: false },
    ],
    [
      'that a pause stopped',
      'call',
      [started('call'), { type: 'stage.interrupted', stage: 'call', attempt: 1, at }],
      { does: 'runs', because: 'interrupted', ambiguous: true },
    ],
    [
      'that asked',
      'call',
      [started('call'), asked('call', false)],
      { does: 'waits', because: 'waiting', wait: 'w', ambiguous: false },
    ],
    [
      'that has its answer',
      'call',
      [started('call'), asked('call', false), answered('call', 1)],
      { does: 'runs', because: 'answered', ambiguous: false },
    ],
  ] as [string, string, DatedEvent[], object][])('%s', (_, stage, events, expected) => {
    expect(planned(stage, ...events)).toMatchObject(expected)
  })
})

it('is refused for a thread that is finished or not there, as resume is', async () => {
  await using engine = createEngine({ store: createMemoryStore(), functions })
  await engine.execute(plan, {}, { threadId: 't' })
  await expect(engine.planRecovery('t')).rejects.toMatchObject({ code: 'thread_finished' })
  await expect(engine.planRecovery('u')).rejects.toMatchObject({ code: 'thread_unknown' })
})

it('speaks of stages inside one that is not at its end, and of none inside one that is', () => {
  const { plan } = compile(
    `name: p
stages:
  - { id: done, foreach: [1], stages: [{ id: was, uses: test/call }] }
  - id: all
    foreach: [1, 2, 3]
    stages: [{ id: part, uses: test/call }, { id: q, ask: { message: "?" } }]
  - { id: last, uses: test/call }
`,
    { functions },
  )
  const begun = (stage: string): DatedEvent => ({ ...started(stage), kind: 'foreach', fixed: [1, 2, 3] }) as DatedEvent
  const ended = (stage: string): DatedEvent => ({
    type: 'stage.succeeded',
    stage,
    output: 1,
    attempts: 1,
    duration_ms: 1,
    at,
  })
  const events = [
    ...[begun('done'), started('done[0].was'), ended('done[0].was'), ended('done'), begun('all')],
    ...[started('all[0].part'), ended('all[0].part'), asked('all[0].q', false), started('all[1].part')],
  ]
  const stages = planRecovery(plan, foldPast(events), ({ kind }) => kind === 'uses')
  expect(stages.map(({ stage, does, because, ambiguous }) => [stage, does, because, ambiguous])).toEqual([
    ['done', 'reused', 'recorded', false],
    ['all', 'runs', 'interrupted', false],
    ['all[0].q', 'waits', 'waiting', false],
    ['all[1].part', 'runs', 'unknown_end', true],
    ['last', 'runs', 'not_started', false],
  ])
})
