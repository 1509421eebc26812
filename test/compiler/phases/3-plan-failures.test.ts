/** The plan of what runs after a failure and at the end. */
import { describe, expect, it } from 'vitest'
import { compile } from '../../../src/index.ts'

const plan = (...lines: string[]) => compile(['name: p', ...lines, ''].join('\n')).plan
const one = (...lines: string[]) => plan('stages:', '  - id: a', '    run: echo 1', ...lines).stages[0]
const expression = (source: string) => ({ kind: 'expression', source })

describe('the plan of on_error', () => {
  it.each([
    ['fail', { do: 'fail' }],
    ['continue', { do: 'continue' }],
    ['rollback', { do: 'rollback' }],
    ['pause', { do: 'pause' }],
    ['{ continue: "${{error.code}}" }', { do: 'continue', value: expression('error.code') }],
  ])('of a stage: %s', (written, made) => {
    expect(one(`    on_error: ${written}`)?.onError).toEqual(made)
  })

  it('has handlers in order, with conditions in one form and stages that are filled in', () => {
    const made = one(
      '    on_error:',
      "      - { when: error.code  ==  'x', do: pause }",
      '      - stages: [{ id: h, transform: 1 }]',
      '        do: { continue: 2 }',
    )
    expect(made?.onError).toMatchObject({
      do: 'handle',
      handlers: [
        { when: "error.code == 'x'", stages: [], then: { do: 'pause' } },
        {
          stages: [{ id: 'h', needs: 'all_above', join: 'none_failed', onError: { do: 'fail' } }],
          then: { do: 'continue', value: { kind: 'literal', value: 2 } },
        },
      ],
    })
  })

  it('of the pipeline is there only where it does something', () => {
    const made = (written: string) => plan('stages: [{ id: a, run: x }]', `on_error: ${written}`).onError
    expect(made('fail')).toBeUndefined()
    expect(made('rollback')).toEqual({ do: 'rollback' })
    expect(made('[{ stages: [{ id: h, transform: 1 }], do: rollback }]')).toMatchObject({
      do: 'handle',
      handlers: [{ stages: [{ id: 'h' }], then: { do: 'rollback' } }],
    })
  })
})

describe('the plan of rollback', () => {
  const undo = (written: string, ...top: string[]) =>
    plan(...top, 'on_error: rollback', 'stages:', '  - id: a', '    run: echo 1', `    rollback: ${written}`).stages[0]
      ?.rollback

  it('is a stage with the id of its own, that needs nothing and is tried again', () => {
    expect(undo('{ run: "echo 2" }')).toMatchObject({
      alsoOnFailure: false,
      stage: {
        id: 'a',
        kind: 'run',
        needs: [],
        join: 'all_done',
        set: {},
        onError: { do: 'fail' },
        retry: { attempts: 3, delayMs: 1_000, backoff: 'exponential', maxDelayMs: 30_000, jitter: true },
      },
    })
    expect(undo('{ run: x, also_on_failure: true }')?.alsoOnFailure).toBe(true)
  })

  it('takes over what defaults say of retries, key by key', () => {
    expect(undo('{ run: x, retry: { delay: 2s } }', 'defaults: { retry: { attempts: 7 } }')?.stage.retry).toMatchObject(
      {
        attempts: 7,
        delayMs: 2_000,
        maxDelayMs: 30_000,
      },
    )
  })
})

describe('the plan of the end', () => {
  it('has finally, which joins by all_done unless it says otherwise', () => {
    const made = plan(
      'limits: { deadline: 1h }',
      'stages: [{ id: a, run: x }]',
      'finally:',
      '  - { id: f, transform: 1 }',
      '  - { id: g, join: all_succeeded, foreach: [1], stages: [{ id: h, transform: 1 }] }',
    )
    expect(made.finally?.map(({ id, join }) => [id, join])).toEqual([
      ['f', 'all_done'],
      ['g', 'all_succeeded'],
    ])
    expect(made.finally?.[1]?.body).toMatchObject({ stages: [{ id: 'h', join: 'none_failed' }] })
    expect(made.limits).toEqual({ concurrency: 8, deadlineMs: 3_600_000 })
    expect(made.stages).toHaveLength(1)
  })

  it('has a hash that ignores the order of keys and changes with what is said', () => {
    const hash = (last: string, onError: string) =>
      plan('stages: [{ id: a, run: x, rollback: { run: y } }]', `finally: [${last}]`, `on_error: ${onError}`).hash
    const usual = hash('{ id: f, transform: { a: "${{ 1 }}", b: "${{ 2 }}" } }', 'rollback')
    expect(hash('{ transform: { b: "${{ 2 }}", a: "${{ 1 }}" }, id: f }', 'rollback')).toBe(usual)
    expect(hash('{ id: f, transform: { a: "${{ 1 }}", b: "${{ 3 }}" } }', 'rollback')).not.toBe(usual)
    expect(hash('{ id: f, transform: { a: "${{ 1 }}", b: "${{ 2 }}" } }', '[{ do: rollback }]')).not.toBe(usual)
  })
})
