import { describe, expect, it } from 'vitest'
import { dryRunLines, levelsOf } from '../../src/cli/dry-run.ts'
import { plainStyle, stagePlan, testPlan } from './support.ts'

const plan = testPlan(
  [
    stagePlan('fetch', {
      kind: 'http',
      config: {
        kind: 'map',
        entries: [
          ['url', { kind: 'text', parts: ['https://x/', { source: 'inputs.topic' }] }],
          ['headers', { kind: 'map', entries: [['a', { kind: 'literal', value: 'b' }]] }],
        ],
      },
      timeout: { total: { kind: 'literal', value: 30_000 } },
      retry: { attempts: 3, delayMs: 1, backoff: 'constant', maxDelayMs: 1, jitter: false, on: ['network', 'timeout'] },
    }),
    stagePlan('list', { kind: 'run', needs: [], config: { kind: 'literal', value: { run: 'ls\n-l' } } }),
    stagePlan('join', {
      needs: [{ stage: 'fetch' }, { stage: 'list', status: ['failed'] }],
      join: 'all_done',
      if: 'inputs.depth > 1',
      config: { kind: 'expression', source: 'stages.fetch.output' },
      onError: { do: 'continue' },
      set: { total: { kind: 'literal', value: 1 } },
      cache: { key: { kind: 'literal', value: 'k' }, ttlMs: 60_000 },
    }),
    stagePlan('last'),
  ],
  {
    inputs: {
      topic: { schema: { type: 'string' }, required: true },
      depth: { schema: { type: 'integer' }, required: false, default: 3 },
      note: { schema: { type: 'string' }, required: false },
    },
  },
)

const asked = { plan, inputs: { topic: 'tea' }, until: 'join' }

describe('a dry run', () => {
  it('prints the order and what each stage would do', () => {
    expect(dryRunLines(asked, plainStyle)).toEqual([
      'p: 4 stages, 3 levels. Nothing is run.',
      '',
      'inputs',
      '  topic = "tea"',
      '  depth = 3 (default)',
      '  note = not given',
      '',
      'level 1',
      '  fetch  http  url: https://x/${{ inputs.topic }}, headers: { a: b }',
      '      timeout 30.0s',
      '      at most 3 attempts on network, timeout',
      '  list  run  ls -l',
      '',
      'level 2',
      '  join  transform  ${{ stages.fetch.output }}',
      '      after fetch, list',
      '      join all_done',
      '      if inputs.depth > 1',
      '      its failure is tolerated',
      '      sets total',
      '      cached for 1m00s',
      '',
      'level 3',
      '  last  transform  null',
      '',
      'The run pauses when "join" is done.',
    ])
  })

  it('puts a stage below everything it waits for', () => {
    expect(levelsOf(plan).map((stages) => stages.map(({ id }) => id))).toEqual([['fetch', 'list'], ['join'], ['last']])
  })
})
