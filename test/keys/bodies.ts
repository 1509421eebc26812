/** Keys of the stage kinds with stages inside. */
import { expect } from 'vitest'
import { type Effect, type Observed, outputs } from './observe.ts'

const stage = (...lines: string[]) =>
  ['name: p', 'stages:', '  - id: a', ...lines.map((line) => `    ${line}`), ''].join('\n')

/** Gives out what the stage gave, and what else can be read of it. */
const given = (read: string, ...lines: string[]) => `${stage(...lines)}outputs: { a: "\${{ stages.a.${read} }}" }\n`

const inside = 'stages: [{ id: b, transform: "${{ item * 2 }}" }]'
const counting = 'stages: [{ id: b, transform: "${{ iteration.index }}" }]'
const [first, other] = ['[{ id: b, transform: 1 }]', '[{ id: c, transform: 2 }]']

/** When the stages of the body began, in order. */
const starts = ({ events }: Observed, path: RegExp) =>
  events.flatMap((event) =>
    event.type === 'stage.started' && path.test(event.stage) ? [Date.parse(String(event.at))] : [],
  )

/** How many of the stages ran at one time, at most. */
function mostAtOnce({ events }: Observed, path: RegExp): number {
  let open = 0
  return Math.max(
    ...events.map((event) => {
      if (!('stage' in event) || !path.test(event.stage)) return 0
      if (event.type === 'stage.started') open++
      if (event.type === 'stage.succeeded') open--
      return open
    }),
  )
}

export const bodyEffects: readonly Effect[] = [
  {
    key: 'foreach',
    path: ['stages', 0, 'foreach'],
    yaml: given('output', 'foreach: [1, "${{ 1 + 1 }}"]', inside),
    check: outputs({ a: [2, 4] }),
  },
  {
    key: 'foreach.stages',
    path: ['stages', 0, 'stages'],
    yaml: given('output', 'foreach: [1, 2]', inside),
    check: outputs({ a: [2, 4] }),
  },
  {
    key: 'foreach.as',
    path: ['stages', 0, 'as'],
    yaml: given(
      'output',
      'foreach: [1, 2]',
      'as: number',
      'stages: [{ id: b, transform: "${{ number + number_index }}" }]',
    ),
    check: outputs({ a: [1, 3] }),
  },
  {
    key: 'foreach.concurrency',
    path: ['stages', 0, 'concurrency'],
    yaml: stage('foreach: [1, 2, 3]', 'concurrency: 1', 'stages: [{ id: b, run: sleep 0.1 }]'),
    check: (observed) => {
      expect(starts(observed, /\.b$/)).toHaveLength(3)
      expect(mostAtOnce(observed, /\.b$/)).toBe(1)
    },
  },
  {
    key: 'foreach.on_item_error',
    path: ['stages', 0, 'on_item_error'],
    yaml: given(
      'errors.map(e, e.index)',
      'foreach: [1, 2]',
      'on_item_error: continue',
      'stages: [{ id: b, assert: [{ that: item > 1 }] }]',
    ),
    check: outputs({ a: [0] }),
  },
  {
    key: 'foreach.result',
    path: ['stages', 0, 'result'],
    yaml: given('output', 'foreach: [1, 2]', 'result: ["${{ index }}", "${{ stages.b.output }}"]', inside),
    check: outputs({
      a: [
        [0, 2],
        [1, 4],
      ],
    }),
  },
  {
    key: 'loop',
    path: ['stages', 0, 'loop'],
    yaml: given('iterations', 'loop: { until: iteration.index == 2, max: 9 }', counting),
    check: outputs({ a: 3 }),
  },
  {
    key: 'loop.stages',
    path: ['stages', 0, 'stages'],
    yaml: given('output', 'loop: { until: iteration.index == 2, max: 9 }', counting),
    check: outputs({ a: 2 }),
  },
  {
    key: 'loop.until',
    path: ['stages', 0, 'loop', 'until'],
    yaml: given('iterations', 'loop: { until: stages.b.output == 2, max: 9 }', counting),
    check: outputs({ a: 3 }),
  },
  {
    key: 'loop.while',
    path: ['stages', 0, 'loop', 'while'],
    yaml: given('iterations', 'loop: { while: iteration.index < 2, max: 9 }', counting),
    check: outputs({ a: 2 }),
  },
  {
    key: 'loop.max',
    path: ['stages', 0, 'loop', 'max'],
    yaml: stage('loop: { until: iteration.index == 9, max: 2 }', counting),
    check: ({ result }) => expect(result.error?.code).toBe('loop_exhausted'),
  },
  {
    key: 'loop.on_exhausted',
    path: ['stages', 0, 'loop', 'on_exhausted'],
    yaml: given('exhausted', 'loop: { until: iteration.index == 9, max: 2, on_exhausted: continue }', counting),
    check: outputs({ a: true }),
  },
  {
    key: 'loop.delay',
    path: ['stages', 0, 'loop', 'delay'],
    yaml: stage('loop: { until: iteration.index == 1, max: 2, delay: 400ms }', 'stages: [{ id: b, run: "true" }]'),
    check: (observed) => {
      const [one = 0, two = 0] = starts(observed, /#\d\.b$/)
      expect(two - one).toBeGreaterThanOrEqual(400)
    },
  },
  {
    key: 'loop.keep',
    path: ['stages', 0, 'loop', 'keep'],
    yaml: given(
      'output',
      'loop: { until: iteration.index == 3, max: 9, keep: 2 }',
      'stages: [{ id: b, transform: "${{ size(iteration.history) }}" }]',
    ),
    check: outputs({ a: 2 }),
  },
  {
    key: 'loop.result',
    path: ['stages', 0, 'result'],
    yaml: given(
      'output',
      'loop: { until: iteration.index == 1, max: 9 }',
      'result: { last: "${{ stages.b.output }}" }',
      counting,
    ),
    check: outputs({ a: { last: 1 } }),
  },
  {
    key: 'switch',
    path: ['stages', 0, 'switch'],
    yaml: given('output', `switch: [{ when: 1 > 2, stages: ${first} }, { else: ${other} }]`),
    check: outputs({ a: 2 }),
  },
  {
    key: 'switch.when',
    path: ['stages', 0, 'switch', 0, 'when'],
    yaml: given('branch', `switch: [{ when: 1 > 2, stages: ${first} }, { else: ${other} }]`),
    check: outputs({ a: 1 }),
  },
  {
    key: 'switch.stages',
    path: ['stages', 0, 'switch', 0, 'stages'],
    yaml: given('output', `switch: [{ when: 2 > 1, stages: ${first} }, { else: ${other} }]`),
    check: outputs({ a: 1 }),
  },
  {
    key: 'switch.else',
    path: ['stages', 0, 'switch', 1],
    yaml: given('output', `switch: [{ when: 1 > 2, stages: ${first} }, { else: ${other} }]`),
    check: outputs({ a: 2 }),
  },
  {
    key: 'parallel',
    path: ['stages', 0, 'parallel'],
    yaml: given('output', `parallel: { left: ${first}, right: ${other} }`),
    check: outputs({ a: { left: 1, right: 2 } }),
  },
  {
    key: 'parallel.fail_fast',
    path: ['stages', 0, 'fail_fast'],
    yaml: stage(
      'fail_fast: false',
      'parallel:',
      '  left: [{ id: b, assert: [{ that: 1 > 2 }] }]',
      '  right: [{ id: c, run: sleep 0.3 }, { id: d, http: { url: "@server/late" } }]',
    ),
    check: ({ requests }) => expect(requests.map(({ url }) => url)).toEqual(['/late']),
  },
  {
    key: 'pipeline',
    path: ['stages', 0, 'pipeline'],
    yaml: given('output', 'pipeline: ./child.yaml'),
    check: outputs({ a: { twice: 2 } }),
  },
  {
    key: 'pipeline.with',
    path: ['stages', 0, 'with'],
    yaml: given('output', 'pipeline: ./child.yaml', 'with: { n: "${{ 2 + 1 }}" }'),
    check: outputs({ a: { twice: 6 } }),
  },
]
