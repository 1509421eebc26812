import { describe, expect, it } from 'vitest'
import { createJsonRenderer } from '../../../src/cli/render/json.ts'
import { createPlainRenderer } from '../../../src/cli/render/plain.ts'
import type { RunEvent, RunResult } from '../../../src/foundation/events.ts'
import { createTerminal, events, started } from '../support.ts'

const result: RunResult = {
  run_id: 'r_1',
  thread_id: 'r_1',
  pipeline: 'p',
  status: 'succeeded',
  outputs: { a: 1 },
  error: null,
  tolerated: [],
  started_at: '2026-01-01T12:00:00.000Z',
  ended_at: '2026-01-01T12:00:09.000Z',
  execution_time_ms: 9_000,
}

function plain(run: readonly RunEvent[]): string[] {
  const terminal = createTerminal()
  const renderer = createPlainRenderer(terminal)
  for (const event of run) renderer.event(event)
  renderer.end()
  return terminal.out.text().split('\n').slice(0, -1)
}

const error = { category: 'exit_code', code: 'exit_code', message: 'It exited\nwith 3.' } as const

describe('plain output', () => {
  it('is one line per event', () => {
    const run = events(
      [0, started('p', 2)],
      [1, { type: 'stage.started', stage: 'a', kind: 'run', attempt: 1 }],
      [1, { type: 'stage.progressed', stage: 'a', fraction: 0.5 }],
      [2, { type: 'stage.retrying', stage: 'a', attempt: 1, error, next_at: '2026-01-01T12:00:03.000Z', counts: true }],
      [3, { type: 'stage.started', stage: 'a', kind: 'run', attempt: 2 }],
      [4, { type: 'stage.logged', stage: 'a', level: 'info', message: 'half\u001b[5m way', fields: { n: 1 } }],
      [5, { type: 'stage.failed', stage: 'a', error, tolerated: true, output: null, attempts: 2, duration_ms: 4_000 }],
      [5, { type: 'stage.skipped', stage: 'b', reason: 'condition' }],
      [6, { type: 'stage.cancelled', stage: 'c', error, attempts: 1, duration_ms: 700 }],
      [7, { type: 'stage.succeeded', stage: 'd', output: 1, cached: true, attempts: 0, duration_ms: 0 }],
      [8, { type: 'run.cancelling' }],
      [8, { type: 'run.paused', reason: 'until' }],
      [9, { type: 'run.ended', result }],
    )
    expect(plain(run)).toEqual([
      '12:00:00Z p started: run r_1, 2 stages',
      '12:00:01Z a started',
      '12:00:02Z a attempt 1 failed (exit_code: It exited with 3.); next at 2026-01-01T12:00:03.000Z',
      '12:00:03Z a started (attempt 2)',
      '12:00:04Z a info: half way {"n":1}',
      '12:00:05Z a failed in 4.0s, tolerated (exit_code: It exited with 3.)',
      '12:00:05Z b skipped: its condition is false',
      '12:00:06Z c cancelled after 700ms',
      '12:00:07Z d succeeded from the cache',
      '12:00:08Z run r_1 is being cancelled',
      '12:00:08Z run r_1 paused: it came to the stage it was to run to',
      '12:00:09Z p succeeded in 9.0s',
    ])
  })

  it('shows what commands print by whole lines, with their stage, whatever the pieces were', () => {
    const output = (stage: string, stream: 'stdout' | 'stderr', text: string) =>
      [1, { type: 'stage.output', stage, stream, text }] as const
    const run = events(
      output('a', 'stdout', 'one\ntw'),
      output('b', 'stdout', 'other\n'),
      output('a', 'stderr', 'oops\n'),
      output('a', 'stdout', 'o\nthree \u001b[31mred'),
      [2, { type: 'stage.succeeded', stage: 'a', output: '', attempts: 1, duration_ms: 10 }],
      output('b', 'stdout', 'never ended'),
    )
    expect(plain(run)).toEqual([
      '12:00:01Z a | one',
      '12:00:01Z b | other',
      '12:00:01Z a | oops',
      '12:00:01Z a | two',
      '12:00:01Z a | three red',
      '12:00:02Z a succeeded in 10ms',
      '12:00:01Z b | never ended',
    ])
  })

  it('shows what a model answers by whole lines', () => {
    const run = events(
      [1, { type: 'token.streamed', stage: 'poem', text: 'Ros' }],
      [1, { type: 'token.streamed', stage: 'poem', text: 'es\nare' }],
      [2, { type: 'stage.succeeded', stage: 'poem', output: '', attempts: 1, duration_ms: 10 }],
    )
    expect(plain(run)).toEqual(['12:00:01Z poem | Roses', '12:00:01Z poem | are', '12:00:02Z poem succeeded in 10ms'])
  })

  it('says its own sentences on stderr', () => {
    const terminal = createTerminal()
    createPlainRenderer(terminal).note('Cancelling.')
    expect([terminal.out.text(), terminal.err.text()]).toEqual(['', 'Cancelling.\n'])
  })
})

describe('JSON output', () => {
  it('is the events as they are, one a line with the schema version, and nothing else on stdout', () => {
    const terminal = createTerminal()
    const renderer = createJsonRenderer(terminal)
    const run = events(
      [0, started('p', 1)],
      [1, { type: 'stage.output', stage: 'a', stream: 'stdout', text: 'a\n\u001b[2J' }],
    )
    for (const event of run) renderer.event(event)
    renderer.note('Cancelling.')
    renderer.end()
    const lines = terminal.out.text().trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(run)
    expect(lines.every((line) => JSON.parse(line).v === 1)).toBe(true)
    expect(terminal.out.text()).not.toContain('\u001b')
    expect(terminal.err.text()).toBe('Cancelling.\n')
  })
})
