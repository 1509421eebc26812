import { describe, expect, it } from 'vitest'
import { historyLines } from '../../../src/cli/commands/history.ts'
import { parseSince, runLines } from '../../../src/cli/commands/runs.ts'
import { nextSteps } from '../../../src/cli/next-steps.ts'
import { stateLines } from '../../../src/cli/render/state.ts'
import { currentOwner } from '../../../src/execution/owner.ts'
import type { PipelineState } from '../../../src/execution/pipeline-engine.ts'
import type { StageState } from '../../../src/execution/run-history.ts'
import { plainStyle } from '../support.ts'

const next = nextSteps('r_1', '/p/.stagegraph/runs.db', '/p')

const stage = (id: string, more: Partial<StageState> = {}): StageState => ({
  id,
  kind: 'run',
  status: 'pending',
  attempts: 0,
  started_at: null,
  ended_at: null,
  duration_ms: null,
  output: null,
  error: null,
  reason: null,
  tolerated: false,
  cached: false,
  set: {},
  ...more,
})

const state: PipelineState = {
  id: 'r_1',
  pipeline: 'report',
  version: '2',
  plan: 'hash',
  file: '/p/report.yaml',
  status: 'paused',
  inputs: { topic: 'tea' },
  progress: 66.6,
  created_at: '2026-01-01T12:00:00.000Z',
  updated_at: '2026-01-01T12:00:09.000Z',
  ended_at: null,
  active_ms: 9_000,
  stretches: 2,
  cancel_requested: false,
  owner: null,
  result: null,
  waits: [],
  edited_vars: {},
  stages: [
    stage('fetch', { status: 'succeeded', attempts: 2, duration_ms: 1_500, output: { a: 'x\u001b[2J' } }),
    stage('check', {
      status: 'failed',
      attempts: 1,
      duration_ms: 5,
      tolerated: true,
      error: { category: 'network', code: 'network', message: 'Gone.' },
    }),
    stage('extra', { status: 'skipped', reason: 'condition' }),
    stage('last', { status: 'running', attempts: 1 }),
  ],
}

const show = (more: Partial<PipelineState> = {}, width = Number.POSITIVE_INFINITY) =>
  stateLines({ ...state, ...more }, next, { style: plainStyle, width })

describe('a stored run', () => {
  it('is shown with its stages, values and what to do next', () => {
    expect(show()).toEqual([
      'report r_1: paused, 66 %',
      'version 2, started 2026-01-01T12:00:00.000Z, active 9.0s, resumed 1 time',
      'from /p/report.yaml',
      '',
      'STAGE  KIND  STATUS              TIME  TRIES',
      'fetch  run   succeeded           1.5s  2      {"a":"x\\u001b[2J"}',
      'check  run   failed (tolerated)  5ms   1      network: Gone.',
      'extra  run   skipped                          skipped: its condition is false',
      'last   run   interrupted               1',
      '',
      'inputs:',
      '  {',
      '    "topic": "tea"',
      '  }',
      '',
      'logs: stagegraph logs r_1',
      'go on: stagegraph resume r_1',
    ])
  })

  it('is shown with what it waits for, and how to answer', () => {
    const wait = {
      id: '0ca1',
      stage: 'last',
      value: { message: 'How did it end?' },
      response_schema: { type: 'string' },
    }
    const lines = show({ status: 'waiting', waits: [wait, { id: '77', stage: 'extra', value: 'Really?' }] })
    expect(lines.slice(9, 16)).toEqual([
      '',
      'last waits: How did it end?',
      '  an answer is: {"type":"string"}',
      '  answer: stagegraph resume r_1 --answer 0ca1=…',
      '',
      'extra waits: Really?',
      '  answer: stagegraph resume r_1 --answer 77=…',
    ])
  })

  it('is cut at the width of a terminal', () => {
    expect(show({}, 40)[5]).toBe('fetch  run   succeeded           1.5s  …')
  })

  it('is to be followed while its process lives, and resumed when that died', () => {
    const owner = currentOwner('e_1')
    const alive = show({ status: 'running', owner })
    expect([alive[8], alive.at(-1)]).toEqual([
      'last   run   running                   1',
      'follow: stagegraph watch r_1',
    ])
    const dead = show({ status: 'running', owner: { ...owner, boot: 'another' } })
    expect([dead[0], dead.at(-1)]).toEqual(['report r_1: running (crashed), 66 %', 'go on: stagegraph resume r_1'])
  })

  it('that has ended shows its error and offers no resume', () => {
    const error = { stage: 'last', category: 'timeout', code: 'timeout', message: 'Too slow.' } as const
    const result = {
      run_id: 'r_1',
      thread_id: 'r_1',
      pipeline: 'report',
      status: 'failed',
      outputs: null,
      error,
      tolerated: [],
      started_at: state.created_at,
      ended_at: state.updated_at,
      execution_time_ms: 9_000,
    } as const
    const lines = show({ status: 'failed', result, ended_at: state.updated_at })
    expect(lines).toContain('error: last timeout: Too slow.')
    expect(lines.join('\n')).not.toContain('resume r_1')
  })
})

describe('lists', () => {
  it('of runs are a table', () => {
    expect(runLines([state], Number.POSITIVE_INFINITY)).toEqual([
      'RUN  PIPELINE  STATUS  DONE  STARTED               ACTIVE',
      'r_1  report    paused  66 %  2026-01-01 12:00:00Z  9.0s',
    ])
  })

  it('of a history are the ends of stages, each a place in the log', () => {
    const at = '2026-01-01T12:00:00.000Z'
    const entry = { at, status: 'succeeded', attempts: 1 } as const
    const entries = [
      { ...entry, seq: 3, stage: 'a', set: ['x', 'y'] },
      { ...entry, seq: 12, stage: 'b', set: [] },
    ]
    expect(historyLines(entries, 200).slice(1)).toEqual([
      `3    ${at}  a      succeeded  1         x, y`,
      `12   ${at}  b      succeeded  1`,
    ])
  })

  it('start at a date or a time ago', () => {
    const now = Date.UTC(2026, 0, 2)
    expect(parseSince('2h', now)).toBe('2026-01-01T22:00:00.000Z')
    expect(parseSince('2025-12-31', now)).toBe('2025-12-31T00:00:00.000Z')
  })
})
