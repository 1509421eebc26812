import { describe, expect, it } from 'vitest'
import { only, pipeline, places, said } from './checking.ts'

const vars =
  'vars: { v: { type: number }, n: { type: number, merge: sum, default: 0 }, f: { type: number, merge: first } }'
const sets = (id: string, name: string, ...lines: string[]) =>
  [`id: ${id}`, ...lines, 'transform: 1', `set: { ${name}: 1 }`].join('\n')
const reads = (id: string, ...lines: string[]) => [`id: ${id}`, ...lines, 'transform: ${{ vars.v }}'].join('\n')

describe('two stages side by side that set one variable', () => {
  it('are refused when one value wins; both are shown', () => {
    const found = only(pipeline([sets('a', 'v', 'needs: []'), sets('b', 'v', 'needs: []')], vars))
    expect(found).toMatchObject({
      code: 'write_race',
      message: '"a" and "b" can run side by side, and both set "v" (merge: last).',
      hint: 'Add a to the needs of "b", or choose a merge that takes both values.',
    })
    expect([found.span.start.line, found.span.start.column]).toEqual([11, 12])
    expect(found.related?.map(({ message, span }) => [message, span.start.line])).toEqual([['"a" sets it here.', 7]])
  })

  it('are refused with merge: first', () => {
    expect(places(pipeline([sets('a', 'f', 'needs: []'), sets('b', 'f', 'needs: []')], vars))).toEqual([
      'write_race 11:12',
    ])
  })

  it('are welcome when the merge takes both', () => {
    expect(said(pipeline([sets('a', 'n', 'needs: []'), sets('b', 'n', 'needs: []')], vars))).toEqual([])
  })

  it('are in order when one waits for the other through a third', () => {
    const middle = 'id: m\nneeds: [a]\ntransform: 1'
    expect(said(pipeline([sets('a', 'v', 'needs: []'), middle, sets('b', 'v', 'needs: [m]')], vars))).toEqual([])
  })

  it('are told once per stage, however many race', () => {
    const racing = ['a', 'b', 'c', 'd'].map((id) => sets(id, 'v', 'needs: []'))
    expect(places(pipeline(racing, vars))).toEqual(['write_race 11:12', 'write_race 15:12', 'write_race 19:12'])
  })

  it('never run both when they wait for different statuses of one stage', () => {
    const after = (id: string, status: string) => sets(id, 'v', `needs: [{ stage: o, status: [${status}] }]`)
    const first = 'id: o\nrun: make'
    expect(said(pipeline([first, after('a', 'succeeded'), after('b', 'failed')], vars))).toEqual([])
    expect(places(pipeline([first, after('a', 'succeeded'), after('b', 'succeeded, failed')], vars))).toEqual([
      'write_race 13:12',
    ])
  })

  it.each([
    ['inputs.p', '!inputs.p'],
    ['inputs.s == "a" && inputs.p', 'inputs.s != "a"'],
    ['inputs.s == "a"', '!(inputs.s == "a") && inputs.p'],
  ])('never run both when their conditions contradict each other: %s, %s', (one, other) => {
    const inputs = 'inputs: { p: boolean, s: string }'
    const text = pipeline(
      [sets('a', 'v', 'needs: []', `if: '${one}'`), sets('b', 'v', 'needs: []', `if: '${other}'`)],
      vars,
      inputs,
    )
    expect(said(text)).toEqual([])
  })

  it('may both run when their conditions merely differ, or look at variables', () => {
    const inputs = 'inputs: { p: boolean, q: boolean }'
    const racing = (one: string, other: string) =>
      places(
        pipeline(
          [sets('a', 'v', 'needs: []', `if: '${one}'`), sets('b', 'v', 'needs: []', `if: '${other}'`)],
          vars,
          inputs,
        ),
      )
    expect(racing('inputs.p', '!inputs.q')).toEqual(['write_race 14:12'])
    expect(racing('vars.n == 1', '!(vars.n == 1)')).toEqual(['write_race 14:12'])
  })
})

describe('a variable that a stage beside the reader sets', () => {
  it('is never seen by it (a warning)', () => {
    const found = only(pipeline([sets('a', 'v', 'needs: []'), reads('b', 'needs: []')], vars))
    expect(found).toMatchObject({
      code: 'racing_read',
      severity: 'warning',
      message: '"b" reads "v", but does not wait for "a", which sets it, so it never sees that value.',
      hint: 'Add a to the needs of "b".',
    })
    expect([found.span.start.line, found.span.start.column]).toEqual([10, 25])
  })

  it('is told once per reader and variable', () => {
    const reader = 'id: b\nneeds: []\nif: vars.v == 1\ntransform: ${{ vars.v }} ${{ vars.v }}'
    expect(places(pipeline([sets('a', 'v', 'needs: []'), reader], vars))).toEqual(['racing_read 10:14'])
  })

  it('is seen when the reader waits, and nothing is wrong when it sets the variable itself or runs before', () => {
    expect(said(pipeline([sets('a', 'v', 'needs: []'), reads('b', 'needs: [a]')], vars))).toEqual([])
    expect(said(pipeline([`${reads('b')}\nset: { v: 1 }`, sets('a', 'v')], vars))).toEqual([])
  })

  it('is found among setters in a row and among setters side by side', () => {
    const row = [sets('a', 'v'), sets('b', 'v'), sets('c', 'v')]
    expect(places(pipeline([...row, reads('r', 'needs: [b]')], vars))).toEqual(['racing_read 15:25'])
    expect(places(pipeline([...row, reads('r', 'needs: [c]')], vars))).toEqual([])
    const beside = ['a', 'b', 'c'].map((id) => sets(id, 'n', 'needs: []'))
    const reader = (needs: string) => `id: r\nneeds: [${needs}]\ntransform: \${{ vars.n }}`
    expect(only(pipeline([...beside, reader('a, c')], vars)).message).toMatch(
      /^"r" reads "n", but does not wait for "b"/,
    )
    expect(places(pipeline([...beside, reader('a, b, c')], vars))).toEqual([])
  })

  it('is of no concern when the two never run both', () => {
    const build = 'id: o\nrun: make'
    const after = (status: string) => `needs: [{ stage: o, status: [${status}] }]`
    const setter = sets('a', 'v', after('succeeded'))
    expect(said(pipeline([build, setter, reads('b', after('failed'))], vars))).toEqual([])
    expect(places(pipeline([build, setter, reads('b', after('succeeded'))], vars))).toEqual(['racing_read 12:25'])
  })

  it('is told of the next setter when the first one never runs together with the reader', () => {
    const inputs = 'inputs: { p: boolean }'
    const setters = [sets('a', 'v', 'needs: []', 'if: inputs.p'), sets('b', 'v')]
    const found = only(pipeline([...setters, reads('r', 'needs: []', 'if: "!inputs.p"')], vars, inputs))
    expect(found.message).toMatch(/^"r" reads "v", but does not wait for "b"/)
  })

  it('is seen whole by outputs', () => {
    expect(said(`${pipeline([sets('a', 'v', 'needs: []')], vars)}outputs: { v: "\${{ vars.v }}" }\n`)).toEqual([])
  })
})
