/** Keys of the kinds that wait, and of events. */
import { expect } from 'vitest'
import {
  compile,
  createEngine,
  createMemoryStore,
  type Decision,
  type Json,
  type ManualClock,
  type PipelineEngine,
} from '../../src/index.ts'
import type { Effect, Observed } from './observe.ts'

type Meanwhile = NonNullable<Effect['meanwhile']>

const one = (text: string) => `name: p\nstages:\n  - { id: a, ${text} }\noutputs: { a: "\${{ stages.a.output }}" }\n`

const hour = 3_600_000

const decide =
  (decision: Decision): Meanwhile =>
  async (engine, thread) =>
    (await engine.decide(thread, 'a', decision)).run?.result

const approved = decide({ decision: 'approved' })
const rejected = decide({ decision: 'rejected', comment: 'no' })

const after =
  (ms: number): Meanwhile =>
  async (engine, _thread, clock) => {
    await clock.advance(ms)
    await tickOut(engine)
  }

async function tickOut(engine: PipelineEngine): Promise<void> {
  for (const each of await engine.tick()) if ('run' in each) await each.run.result
}

const signal =
  (event: string, data: Json = null): Meanwhile =>
  async (engine) => {
    for (const run of (await engine.signal({ event, data })).runs) await run.result
  }

const status =
  (expected: string, output?: object) =>
  ({ result, outputs }: Observed): void => {
    expect(result.status).toBe(expected)
    if (output !== undefined) expect(outputs.a).toMatchObject(output)
  }

const asked = ({ events }: Observed) => {
  const started = events.find(({ type }) => type === 'wait.started')
  if (started?.type !== 'wait.started') throw new Error('nothing was asked')
  return started
}

const refused =
  (decision: Decision, then: Decision): Meanwhile =>
  async (engine, thread) => {
    await expect(engine.decide(thread, 'a', decision)).rejects.toMatchObject({ code: 'invalid_inputs' })
    await (await engine.decide(thread, 'a', then)).run?.result
  }

const reminded: Meanwhile = async (...given) => {
  const [engine, thread] = given
  await after(hour)(...given)
  const types: string[] = []
  for await (const { type } of engine.events(thread)) types.push(type)
  expect(types).toContain('approval.requested')
}

const common = (
  kind: 'approve' | 'ask',
  yes: Decision,
  filled = kind === 'ask' ? 'answer' : 'form',
): readonly Effect[] => [
  {
    key: `${kind}.message`,
    path: ['stages', 0, kind, 'message'],
    yaml: one(`${kind}: { message: "Really \${{ 1 + 1 }}?" }`),
    check: (seen) => expect(asked(seen).value).toMatchObject({ message: 'Really 2?' }),
  },
  {
    key: `${kind}.show`,
    path: ['stages', 0, kind, 'show'],
    yaml: one(`${kind}: { message: m, show: { n: "\${{ 1 + 1 }}" } }`),
    check: (seen) => expect(asked(seen).value).toMatchObject({ show: { n: 2 } }),
  },
  {
    key: `${kind}.form`,
    path: ['stages', 0, kind, 'form'],
    yaml: one(`${kind}: { message: m, form: { n: integer } }`),
    meanwhile: refused({ ...yes, [filled]: { n: 'x' } }, { ...yes, [filled]: { n: 1 } }),
    check: status('succeeded'),
  },
  {
    key: `${kind}.assignees`,
    path: ['stages', 0, kind, 'assignees'],
    yaml: one(`${kind}: { message: m, assignees: [ann, bob] }`),
    meanwhile: refused({ ...yes, by: 'eve' }, { ...yes, by: 'bob' }),
    check: status('succeeded'),
  },
  {
    key: `${kind}.timeout`,
    path: ['stages', 0, kind, 'timeout'],
    yaml: one(`${kind}: { message: m, timeout: 1h }`),
    meanwhile: after(hour),
    check: ({ result }) => expect(result).toMatchObject({ status: 'failed', error: { category: 'timeout' } }),
  },
  {
    key: `${kind}.remind`,
    path: ['stages', 0, kind, 'remind'],
    yaml: one(`${kind}: { message: m, remind: 1h }`),
    meanwhile: reminded,
    check: status('waiting'),
  },
]

const two: Meanwhile = async (engine, thread) => {
  await (await engine.decide(thread, 'a', { decision: 'approved', by: 'ann' })).run?.result
  expect(await engine.pending(thread)).toHaveLength(1)
  await (await engine.decide(thread, 'a', { decision: 'approved', by: 'bob' })).run?.result
}

const waitsFor = (text: string) => one(`wait: ${text}`)
const at2 = '2026-01-01T02:00:00Z'

const inTwoHours: Meanwhile = async (...given) => {
  const [engine, thread] = given
  await after(2 * hour - 1)(...given)
  expect(await engine.pending(thread)).toHaveLength(1)
  await after(1)(...given)
}

const ends = (
  prefix: string,
  path: readonly (string | number)[],
  wrap: (text: string) => string,
): readonly Effect[] => {
  const place = (key: string) => ['stages', 0, 'wait', ...path, key]
  return [
    {
      key: `${prefix}for`,
      path: place('for'),
      yaml: waitsFor(wrap('for: 2h')),
      meanwhile: inTwoHours,
      check: status('succeeded', { fired: 'for' }),
    },
    {
      key: `${prefix}until`,
      path: place('until'),
      yaml: waitsFor(wrap(`until: "${at2}"`)),
      meanwhile: inTwoHours,
      check: status('succeeded', { fired: 'until', event: null, waited_ms: 2 * hour }),
    },
    {
      key: `${prefix}event`,
      path: place('event'),
      yaml: waitsFor(wrap('event: paid')),
      meanwhile: signal('paid', 3),
      check: status('succeeded', { fired: 'paid', event: { event: 'paid', data: 3 } }),
    },
    {
      key: `${prefix}match`,
      path: place('match'),
      yaml: waitsFor(wrap('event: paid, match: event.data > 2')),
      meanwhile: async (...given) => {
        await signal('paid', 2)(...given)
        await signal('paid', 3)(...given)
      },
      check: status('succeeded', { event: { data: 3 } }),
    },
    {
      key: `${prefix}condition`,
      path: place('condition'),
      yaml: waitsFor(wrap('condition: 1 < 2')),
      check: status('succeeded', { fired: 'condition' }),
    },
  ]
}

const entryKeys = (list: 'any' | 'all'): readonly Effect[] => [
  {
    key: `wait.${list}`,
    path: ['stages', 0, 'wait', list],
    yaml: waitsFor(`{ ${list}: [{ event: x }, { event: y }] }`),
    meanwhile: async (...given) => {
      await signal('y')(...given)
      if (list === 'any') return
      expect(await given[0].pending()).toHaveLength(1)
      await signal('x')(...given)
    },
    check: status('succeeded', { fired: list === 'any' ? 'y' : 'x' }),
  },
  {
    key: `wait.${list}.name`,
    path: ['stages', 0, 'wait', list, 0, 'name'],
    yaml: waitsFor(`{ ${list}: [{ name: given, condition: 1 < 2 }] }`),
    check: status('succeeded', { fired: 'given' }),
  },
  ...ends(`wait.${list}.`, [list, 0], (text) => `{ ${list}: [{ ${text} }] }`),
]

const twoPipelines = (retain: string) => `
name: p
events: { told: { retain: ${retain} } }
stages:
  - { id: a, emit: { event: told, data: 1, id: e1 } }
`

/** Whether it is still there after two hours, for a wait that is opened then. */
const heardLate: Meanwhile = async (engine, _thread, clock: ManualClock) => {
  await clock.advance(2 * hour)
  const listener = compile('name: q\nstages:\n  - { id: a, wait: { event: told, match: event.data == 1 } }\n')
  expect((await engine.execute(listener)).status).toBe('waiting')
}

const triggered = (trigger: string) => `
name: p
inputs: { "n?": { type: [integer, "null"] } }
triggers:
  - { ${trigger} }
stages:
  - { id: a, transform: "\${{ inputs.n }}" }
outputs: { n: "\${{ stages.a.output }}" }
`

/** What the runs give that are started by events with the data 1 and 2, and by a run that succeeds and one that fails. */
const starts =
  (...expected: readonly Json[]): Meanwhile =>
  async (_engine, _thread, _clock, pipeline) => {
    const store = createMemoryStore()
    const other = createEngine({ store, background: false, pipelines: [pipeline] })
    for (const data of [1, 2]) await other.signal({ event: 'x', data })
    const before = compile('name: q\ninputs: { ok: boolean }\nstages:\n  - { id: a, assert: [{ that: inputs.ok }] }\n')
    for (const ok of [true, false]) await other.execute(before, { ok })
    await tickOut(other)
    const ended: (Json | undefined)[] = []
    for (const { id } of await other.list({ pipeline: 'p' })) {
      await other.resume(id).then(
        ({ result }) => result,
        () => undefined,
      )
      ended.push((await other.get(id))?.result?.outputs?.n)
    }
    expect(ended.toSorted()).toEqual(expected)
  }

export const waitEffects: readonly Effect[] = [
  {
    key: 'approve',
    path: ['stages', 0, 'approve'],
    yaml: one('approve: { message: m }'),
    meanwhile: approved,
    check: status('succeeded', { decision: 'approved', decisions: [{ by: null, decision: 'approved' }], form: null }),
  },
  ...common('approve', { decision: 'approved' }),
  {
    key: 'approve.approvals',
    path: ['stages', 0, 'approve', 'approvals'],
    yaml: one('approve: { message: m, approvals: 2 }'),
    meanwhile: two,
    check: status('succeeded', { decisions: [{ by: 'ann' }, { by: 'bob' }] }),
  },
  {
    key: 'approve.not',
    path: ['stages', 0, 'approve', 'not'],
    yaml: one('approve: { message: m, not: [initiator] }'),
    meanwhile: refused({ decision: 'approved', by: 'starter' }, { decision: 'approved', by: 'ann' }),
    check: status('succeeded'),
  },
  {
    key: 'approve.on_timeout',
    path: ['stages', 0, 'approve', 'on_timeout'],
    yaml: one('approve: { message: m, timeout: 1h, on_timeout: reject }'),
    meanwhile: after(hour),
    check: ({ result }) => expect(result.error?.category).toBe('rejected'),
  },
  {
    key: 'approve.on_reject',
    path: ['stages', 0, 'approve', 'on_reject'],
    yaml: one('approve: { message: m, on_reject: stop }'),
    meanwhile: rejected,
    check: status('stopped'),
  },
  {
    key: 'ask',
    path: ['stages', 0, 'ask'],
    yaml: one('ask: { message: m }'),
    meanwhile: decide({ answer: { n: 1 } }),
    check: status('succeeded', { n: 1 }),
  },
  ...common('ask', { answer: { n: 1 } }),
  {
    key: 'ask.on_timeout',
    path: ['stages', 0, 'ask', 'on_timeout'],
    yaml: one('ask: { message: m, timeout: 1h, on_timeout: skip }'),
    meanwhile: after(hour),
    check: status('stopped'),
  },
  {
    key: 'wait',
    path: ['stages', 0, 'wait'],
    yaml: waitsFor('{ for: 2h }'),
    meanwhile: after(2 * hour),
    check: status('succeeded', { fired: 'for', waited_ms: 2 * hour }),
  },
  ...ends('wait.', [], (text) => `{ ${text} }`),
  ...entryKeys('any'),
  ...entryKeys('all'),
  {
    key: 'wait.timeout',
    path: ['stages', 0, 'wait', 'timeout'],
    yaml: waitsFor('{ event: never, timeout: 1h }'),
    meanwhile: after(hour),
    check: ({ result }) => expect(result.error?.category).toBe('timeout'),
  },
  {
    key: 'wait.on_timeout',
    path: ['stages', 0, 'wait', 'on_timeout'],
    yaml: waitsFor('{ event: never, timeout: 1h, on_timeout: continue }'),
    meanwhile: after(hour),
    check: status('succeeded', { fired: 'timeout', event: null, waited_ms: hour }),
  },
  {
    key: 'emit',
    path: ['stages', 0, 'emit'],
    yaml: one('emit: { event: told, id: e1 }'),
    check: ({ outputs }) => expect(outputs.a).toBe('e1'),
  },
  {
    key: 'emit.event',
    path: ['stages', 0, 'emit', 'event'],
    yaml: one('emit: { event: told, id: e1 }'),
    check: ({ outputs }) => expect(outputs.a).toBe('e1'),
  },
  {
    key: 'emit.id',
    path: ['stages', 0, 'emit', 'id'],
    yaml: one('emit: { event: told, id: e1 }'),
    check: ({ outputs }) => expect(outputs.a).toBe('e1'),
  },
  {
    key: 'emit.data',
    path: ['stages', 0, 'emit', 'data'],
    yaml: `name: p
stages:
  - { id: tell, emit: { event: told, data: { n: 5 } } }
  - { id: a, wait: { event: told, match: event.data.n == 5 } }
outputs: { a: "\${{ stages.a.output }}" }
`,
    check: status('succeeded', { event: { data: { n: 5 } } }),
  },
  {
    key: 'events',
    path: ['events'],
    yaml: twoPipelines('1h'),
    meanwhile: heardLate,
    check: status('succeeded'),
  },
  {
    key: 'events.retain',
    path: ['events', 'told', 'retain'],
    yaml: twoPipelines('1h'),
    meanwhile: heardLate,
    check: status('succeeded'),
  },
  {
    key: 'triggers',
    path: ['triggers'],
    yaml: triggered('event: x, with: { n: "${{ trigger.data }}" }'),
    meanwhile: starts(1, 2),
    check: status('succeeded'),
  },
  {
    key: 'triggers.event',
    path: ['triggers', 0, 'event'],
    yaml: triggered('event: x, with: { n: "${{ trigger.data }}" }'),
    meanwhile: starts(1, 2),
    check: status('succeeded'),
  },
  {
    key: 'triggers.match',
    path: ['triggers', 0, 'match'],
    yaml: triggered('event: x, match: event.data > 1, with: { n: "${{ trigger.data }}" }'),
    meanwhile: starts(2),
    check: status('succeeded'),
  },
  {
    key: 'triggers.with',
    path: ['triggers', 0, 'with'],
    yaml: triggered('event: x, match: event.data > 1, with: { n: "${{ trigger.data }}" }'),
    meanwhile: starts(2),
    check: status('succeeded'),
  },
  {
    key: 'triggers.pipeline',
    path: ['triggers', 0, 'pipeline'],
    yaml: triggered('pipeline: q, with: { n: 5 }'),
    meanwhile: starts(5),
    check: status('succeeded'),
  },
  {
    key: 'triggers.status',
    path: ['triggers', 0, 'status'],
    yaml: triggered('pipeline: q, status: [succeeded, failed], with: { n: 5 }'),
    meanwhile: starts(5, 5),
    check: status('succeeded'),
  },
]
