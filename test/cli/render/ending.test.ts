import { describe, expect, it } from 'vitest'
import { nextSteps, quote } from '../../../src/cli/next-steps.ts'
import { endingLines } from '../../../src/cli/render/ending.ts'
import { plainStyle } from '../support.ts'

const next = nextSteps('r_1', '/elsewhere/runs.db', '/tmp')
const ended = {
  pipeline: 'p',
  status: 'succeeded',
  outputs: null,
  error: null,
  tolerated: [],
  executionTimeMs: 1_234,
} as const

const lines = (more: Partial<Parameters<typeof endingLines>[0]>) => endingLines({ ...ended, ...more }, next, plainStyle)

describe('the last words about a run', () => {
  it('show outputs and where to look after a success', () => {
    expect(lines({ outputs: { who: 'Ada \u202e', n: [1] }, tolerated: ['flaky'] })).toEqual([
      '✔ p succeeded in 1.2s',
      '  failed, but tolerated: flaky',
      '  {',
      '    "who": "Ada \\u{202e}",',
      '    "n": [',
      '      1',
      '    ]',
      '  }',
      '  look at it   stagegraph show r_1 --store ../elsewhere/runs.db',
    ])
  })

  it('name the stage that failed, why, and its logs', () => {
    const error = {
      stage: 'fetch',
      category: 'http_5xx',
      code: 'http_5xx',
      message: 'It answered\n503.',
      attempts: 3,
    } as const
    expect(lines({ status: 'failed', error })).toEqual([
      '✖ p failed in 1.2s',
      '  fetch (3 attempts) http_5xx: It answered 503.',
      '  its logs     stagegraph logs r_1 --stage fetch --store ../elsewhere/runs.db',
      '  everything   stagegraph show r_1 --store ../elsewhere/runs.db',
      '  try again    stagegraph retry r_1 --store ../elsewhere/runs.db',
    ])
  })

  it.each(['paused', 'waiting', 'incomplete', 'quarantined'] as const)('say how to go on when it is %s', (status) => {
    expect(lines({ status })).toEqual([
      `◌ p is ${status}`,
      '  go on        stagegraph resume r_1 --store ../elsewhere/runs.db',
      '  look at it   stagegraph show r_1 --store ../elsewhere/runs.db',
    ])
  })

  it.each(['stopped', 'cancelled'] as const)('do not offer to resume what was %s', (status) => {
    expect(lines({ status }).join()).toMatch(new RegExp(`^■ p ${status} after 1.2s,  look at it`))
  })

  it('cut long outputs and say where the rest is', () => {
    const shown = lines({ outputs: { list: Array.from({ length: 100 }, (_, at) => at) } })
    expect(shown).toHaveLength(43)
    expect(shown[41]).toBe('  (64 more lines: stagegraph show r_1 --store ../elsewhere/runs.db)')
  })
})

describe('commands to type next', () => {
  it('name the store only when it would not be found', () => {
    expect(nextSteps('r_1', '/x y/.stagegraph/runs.db', '/x y').resume).toBe('stagegraph resume r_1')
    expect(nextSteps('r_1', "/x y/it's.db", '/x y').resume).toBe(`stagegraph resume r_1 --store 'it'\\''s.db'`)
  })

  it('are safe to paste into a shell', () => {
    expect(quote('a/b-c.yaml')).toBe('a/b-c.yaml')
    expect(quote('$(rm x)')).toBe("'$(rm x)'")
  })
})
