import { describe, expect, it } from 'vitest'
import { only, pipeline, places, said } from './checking.ts'

const stage = (id: string, ...lines: string[]) => [`id: ${id}`, ...lines, 'transform: 1'].join('\n')

describe('ids', () => {
  it('are unique, and the first one is shown', () => {
    const found = only(pipeline([stage('a'), stage('b'), stage('a')]))
    expect(found).toMatchObject({ code: 'duplicate_id', message: 'There is a stage "a" already.' })
    expect([found.span.start.line, found.span.start.column]).toEqual([7, 9])
    expect(found.related?.map(({ span }) => [span.start.line, span.start.column])).toEqual([[3, 9]])
  })
})

describe('a stage whose id another one has', () => {
  it('is nothing that a reader or a need could be held to', () => {
    const twice = ['id: a\ntransform: { n: 1 }\noutput: { n: number }', stage('a')]
    const reader = 'id: b\nneeds: [a]\ntransform: ${{ stages.a.output.m }}'
    const beside = 'id: c\nneeds: []\ntransform: ${{ stages.a.output.n }}'
    expect(places(pipeline([...twice, reader, beside]))).toEqual(['duplicate_id 6:9'])
  })
})

describe('needs', () => {
  it('name stages of the list, with a suggestion when one is near', () => {
    const found = only(pipeline([stage('review'), stage('publish', 'needs: [rewiew]')]))
    expect(found).toMatchObject({ code: 'unknown_stage', message: 'There is no stage "rewiew".' })
    expect(found.hint).toBe('Did you mean "review"?')
    expect([found.span.start.line, found.span.start.column]).toEqual([6, 13])
  })

  it('may be one name without a list', () => {
    expect(said(pipeline([stage('a'), stage('b', 'needs: a')]))).toEqual([])
    expect(places(pipeline([stage('a'), stage('b', 'needs: c')]))).toEqual(['unknown_stage 6:12'])
  })

  it('never suggest the stage itself', () => {
    expect(only(pipeline([stage('build'), stage('built', 'needs: [builtt]')])).hint).toBe('Did you mean "build"?')
  })

  it('that are unknown cause no further noise', () => {
    const reader = 'id: c\nneeds: [bb]\ntransform: ${{ stages.a.output }}'
    expect(
      places(pipeline([stage('a'), stage('b'), reader, 'id: d\nneeds: [c]\ntransform: ${{ stages.b.output }}'])),
    ).toEqual(['unknown_stage 8:13'])
  })

  it('are named once (a warning)', () => {
    const found = only(pipeline([stage('a'), stage('b', 'needs: [a, a]')]))
    expect(found).toMatchObject({
      code: 'duplicate_need',
      severity: 'warning',
      message: '"a" is among the needs already.',
    })
  })
})

describe('needs of the same stage', () => {
  const failed = '{ stage: a, status: [failed] }'

  it.each([
    ['the same statuses', `${failed}, ${failed}`, 1],
    [
      'the same statuses in another order',
      '{ stage: a, status: [failed, succeeded] }, { stage: a, status: [succeeded, failed] }',
      1,
    ],
    ['other statuses', `{ stage: a, status: [failed, succeeded] }, ${failed}`, 0],
  ])('with %s', (_, needs, times) => {
    const found = places(pipeline([stage('a'), stage('b', `needs: [${needs}]`)]))
    expect(found.filter((line) => line.startsWith('duplicate_need'))).toHaveLength(times)
  })
})

describe('cycles of needs', () => {
  it('are shown whole, once, from the topmost stage', () => {
    const found = only(pipeline([stage('a', 'needs: [c]'), stage('b', 'needs: [a]'), stage('c', 'needs: [b]')]))
    expect(found).toMatchObject({
      code: 'need_cycle',
      message: 'These stages wait for each other: a → c → b → a.',
      hint: 'Take one of these needs away.',
    })
    expect([found.span.start.line, found.span.start.column]).toEqual([4, 13])
  })

  it('go through list order, too, and say so', () => {
    const found = only(pipeline([stage('a', 'needs: [c]'), stage('b', 'needs: []'), stage('c')]))
    expect(found.message).toBe('These stages wait for each other: a → c → a.')
    expect(found.hint).toMatch(/^"c" has no needs, so it waits for every stage above it/)
  })

  it('may be of one stage', () => {
    expect(said(pipeline([stage('a', 'needs: [a]')]))).toEqual(['need_cycle 4:13 "a" needs itself.'])
  })

  it('are all told when they share no stage', () => {
    const text = pipeline([
      stage('a', 'needs: [b]'),
      stage('b', 'needs: [a]'),
      stage('c', 'needs: [d]'),
      stage('d', 'needs: [c]'),
    ])
    expect(places(text)).toEqual(['need_cycle 4:13', 'need_cycle 10:13'])
  })

  it('cause no noise about reads and races', () => {
    const text = pipeline(
      [
        'id: a\nneeds: [b]\ntransform: ${{ stages.b.output }}\nset: { v: 1 }',
        'id: b\nneeds: [a]\ntransform: ${{ stages.a.output }} ${{ vars.v }}\nset: { v: 2 }',
        'id: c\nneeds: []\ntransform: ${{ vars.v }}',
      ],
      'vars: { v: { type: number } }',
    )
    expect(places(text)).toEqual(['need_cycle 5:13'])
  })

  it('are not made by needing a stage below that has needs of its own', () => {
    expect(said(pipeline([stage('a', 'needs: [b]'), stage('b', 'needs: []')]))).toEqual([])
  })
})

describe('needs with a status', () => {
  const build = 'id: build\nrun: make'
  const test = 'id: test\nneeds: [build]\nrun: make test'
  const failed = '{ stage: build, status: [failed] }'

  it('may wait for a failure, alone or beside what does not depend on it', () => {
    expect(said(pipeline([build, `id: alert\nneeds: [${failed}]\nrun: echo`]))).toEqual([])
    expect(
      said(pipeline([build, 'id: x\nneeds: []\nrun: echo', `id: alert\nneeds: [x, ${failed}]\nrun: echo`])),
    ).toEqual([])
  })

  it('can never match beside a stage that is skipped by that failure', () => {
    const found = only(pipeline([build, test, `id: alert\nneeds: [test, ${failed}]\nrun: echo`]))
    expect(found).toMatchObject({
      code: 'unmatched_need',
      message: '"alert" can never run: when "build" failed, something else it needs keeps it from running.',
    })
    expect([found.span.start.line, found.span.start.column]).toEqual([9, 19])
  })

  it('can match there when the failure is tolerated, since its dependants go on', () => {
    const tolerated = `${build}\non_error: continue`
    expect(said(pipeline([tolerated, test, `id: alert\nneeds: [test, ${failed}]\nrun: echo`]))).toEqual([])
  })

  it('can match there when that stage runs whatever happened', () => {
    const cleanup = 'id: test\nneeds: [build]\njoin: all_done\nrun: rm -r tmp'
    expect(said(pipeline([build, cleanup, `id: alert\nneeds: [test, ${failed}]\nrun: echo`]))).toEqual([])
  })

  it('never match when two of the same stage contradict each other', () => {
    const both = `id: b\nneeds: [{ stage: build, status: [succeeded] }, ${failed}]\nrun: echo`
    expect(places(pipeline([build, both]))).toEqual(['unmatched_need 6:52'])
  })

  it('never match beside a handler of the opposite', () => {
    const handler = `id: handler\nneeds: [${failed}]\nrun: echo`
    const other = 'id: other\nneeds: [handler, { stage: build, status: [succeeded] }]\nrun: echo'
    expect(places(pipeline([build, handler, other]))).toEqual(['unmatched_need 9:22'])
  })
})

describe('reads of stages', () => {
  it('suggest a stage that can be read', () => {
    const found = only(pipeline([stage('review'), 'id: b\ntransform: ${{ stages.rewiew.output }}']))
    expect(found).toMatchObject({
      code: 'unknown_stage',
      message: 'There is no stage "rewiew".',
      hint: 'Did you mean "review"?',
    })
  })

  it('need the stage upstream; the fix is to need it', () => {
    const found = only(pipeline([stage('a', 'needs: []'), 'id: b\nneeds: []\ntransform: ${{ stages.a.output }}']))
    expect(found).toMatchObject({
      code: 'stage_not_upstream',
      message: '"b" does not wait for "a", so it cannot read it.',
      hint: 'Add a to the needs of "b".',
    })
  })

  it('of a stage below cannot be mended by needing it, as it waits for the reader', () => {
    const found = only(pipeline(['id: a\ntransform: ${{ stages.b.output }}', stage('b')]))
    expect(found.hint).toBe('"b" waits for "a"; move what reads it to a stage after "b".')
  })

  it('of the stage itself are refused in words of their own', () => {
    const found = only(pipeline(['id: a\nif: stages.a.output == 1\ntransform: 1']))
    expect(found).toMatchObject({ code: 'stage_not_upstream', message: '"a" reads itself, but it has not run yet.' })
  })

  it('reach through others', () => {
    expect(said(pipeline([stage('a'), stage('b'), 'id: c\nneeds: [b]\ntransform: ${{ stages.a.output }}']))).toEqual([])
  })

  it('of every stage are open to outputs', () => {
    expect(
      said(
        `${pipeline([stage('a', 'needs: []'), stage('b', 'needs: []')])}outputs: { x: "\${{ stages.a.output }}" }\n`,
      ),
    ).toEqual([])
  })
})
