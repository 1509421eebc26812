/** Names around failures and the end: each name at each place, where it is readable and where it is refused. */
import { describe, expect, it } from 'vitest'
import { said } from './checking.ts'

type Place =
  | 'stage'
  | 'when'
  | 'continue'
  | 'handler'
  | 'rollback'
  | 'pipeline when'
  | 'pipeline handler'
  | 'finally'
  | 'outputs'

/** What stands at a place is asked whether it is null. */
function yaml(place: Place, read: string): string {
  const at = (here: Place) => (here === place ? read : '1')
  const value = (here: Place) => `"\${{ ${at(here)} }}"`
  return `name: p
stages:
  - { id: up, transform: 1 }
  - id: own
    foreach: [1]
    as: word
    stages:
      - id: inner
        uses: core/log
        with: { message: ${value('stage')} }
        rollback: { uses: core/log, with: { message: ${value('rollback')} } }
        on_error:
          - when: "${at('when')} != 7"
            stages: [{ id: handled, transform: ${value('handler')} }]
            do: { continue: ${value('continue')} }
  - { id: down, transform: 1 }
on_error:
  - when: "${at('pipeline when')} != 7"
    stages: [{ id: ended, transform: ${value('pipeline handler')} }]
    do: rollback
finally:
  - { id: first_end, transform: 1 }
  - { id: last_end, transform: ${value('finally')} }
outputs: { o: ${value('outputs')} }
`
}

const all: readonly Place[] = [
  'stage',
  'when',
  'continue',
  'handler',
  'rollback',
  'pipeline when',
  'pipeline handler',
  'finally',
  'outputs',
]
const ofStage: readonly Place[] = ['stage', 'when', 'continue', 'handler', 'rollback']
const ofEnd: readonly Place[] = ['pipeline when', 'pipeline handler', 'finally']

const names: readonly [read: string, readable: readonly Place[], refused: string][] = [
  ['error', ['when', 'continue', 'handler', 'pipeline when', 'pipeline handler'], 'wrong_scope'],
  ['error.details', ['when', 'continue', 'handler', 'pipeline when', 'pipeline handler'], 'wrong_scope'],
  ['output', ['rollback'], 'wrong_scope'],
  ['run.status', ofEnd, 'wrong_scope'],
  ['run.error', ofEnd, 'wrong_scope'],
  ['word', ofStage, 'unknown_name'],
  ['stages.up.output', all, ''],
  ['stages.down.output', [...ofEnd, 'outputs'], 'stage_not_upstream'],
  ['stages.inner.status', [], 'stage_inside_body stage_not_upstream'],
  ['stages.handled.status', [], 'stage_inside_body stage_not_upstream'],
  ['stages.ended.status', [], 'stage_inside_body stage_not_upstream'],
  ['stages.first_end.output', ['finally'], 'stage_inside_body'],
  ['stages.last_end.output', [], 'stage_inside_body stage_not_upstream'],
]

describe('a name', () => {
  const table = names.flatMap(([read, readable, refused]) =>
    all.map((place) => ({ read, place, codes: readable.includes(place) ? [] : refused.split(' ') })),
  )
  it.each(table)('$read in: $place', ({ read, place, codes }) => {
    const found = said(yaml(place, `(${read} == null ? 1 : 2)`)).map((line) => line.split(' ')[0] as string)
    if (codes.length === 0) expect(found).toEqual([])
    else expect(found).not.toEqual([])
    for (const code of found) expect(codes).toContain(code)
  })

  it.each([
    ['error', 'it exists only in "on_error": in conditions and stages of handlers, and in the value of "continue".'],
    ['output', 'it exists only in "set" and "rollback", where the stage has one.'],
    ['run.status', 'it exists only in "finally" and in handlers of the pipeline.'],
  ])('%s is told where it can be read', (read, words) => {
    expect(said(yaml('outputs', read)).join()).toContain(words)
  })
})

describe('the fields of an output', () => {
  const last = (value: string, top: string) => `name: p
stages: [{ id: a, run: x, output: { n: number }, rollback: { run: [echo, "${value}"], also_on_failure: true } }]
on_error: rollback
finally: [{ id: f, transform: "${top}" }]
`
  it('need .? where the stage may have failed', () => {
    expect(said(last('${{ output.n }}', '${{ stages.a.output.n }}')).map((line) => line.split(' ')[0])).toEqual([
      'maybe_absent_output',
      'maybe_absent_output',
    ])
    expect(said(last('${{ output.?n }}', '${{ stages.a.output.?n }}'))).toEqual([])
  })

  it.each([
    ['pause', []],
    ['rollback', []],
    ['[{ do: pause }]', []],
    ['[{ do: { continue: { n: 1 } } }]', []],
    ['[{ do: continue }]', ['maybe_absent_output']],
    [`[{ when: "error.code == 'x'", do: continue }, { do: fail }]`, ['maybe_absent_output']],
  ])('after on_error: %s', (onError, codes) => {
    const text = `name: p\nstages:\n  - { id: a, run: x, output: { n: number }, on_error: ${onError} }\n  - { id: b, transform: "\${{ stages.a.output.n }}" }\n`
    expect(said(text).map((line) => line.split(' ')[0])).toEqual(codes)
  })
})
