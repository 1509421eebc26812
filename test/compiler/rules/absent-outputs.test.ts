/**
 * A table of cases for reads of outputs that may be absent (language.md §2). `x` is the stage that is read; `r` reads a
 * field of its output. `presence.test.ts` holds the same against real runs of random pipelines.
 */
import { describe, expect, it } from 'vitest'
import { only, pipeline, said } from './checking.ts'

const inputs = 'inputs: { p: boolean, q: boolean }'
const vars = 'vars: { v: { type: boolean, default: false } }'
const x = (...lines: string[]) => ['id: x', ...lines, 'transform: { n: 1 }'].join('\n')
const plain = (id: string, ...lines: string[]) => [`id: ${id}`, ...lines, 'transform: 2'].join('\n')
const r = (...lines: string[]) => ['id: r', ...lines, 'transform: ${{ stages.x.output.n }}'].join('\n')

const skippable = x('if: inputs.p')
const tolerated = x('on_error: continue')
const other = plain('o', 'needs: []')

interface Case {
  readonly title: string
  readonly stages: readonly string[]
  readonly why?: 'skipped' | 'failed' | 'tolerated'
}

const cases: Case[] = [
  { title: 'x always runs', stages: [x(), r()] },
  // x skipped by its own `if`
  { title: 'list order, x alone above: list order asks for no success', stages: [skippable, r()], why: 'skipped' },
  { title: 'list order beside another', stages: [skippable, other, r()], why: 'skipped' },
  { title: 'x is the only need', stages: [skippable, r('needs: [x]')] },
  { title: 'x is one of two needs', stages: [skippable, other, r('needs: [x, o]')], why: 'skipped' },
  {
    title: 'x is the only need, but the reader runs whatever happened',
    stages: [skippable, r('needs: [x]', 'join: all_done')],
    why: 'skipped',
  },
  { title: 'join: all_succeeded', stages: [skippable, other, r('needs: [x, o]', 'join: all_succeeded')] },
  { title: 'join: all_succeeded in list order', stages: [skippable, other, r('join: all_succeeded')] },
  { title: 'join: any_succeeded, x the only need', stages: [skippable, r('needs: [x]', 'join: any_succeeded')] },
  { title: 'join: any_succeeded, x alone above', stages: [skippable, r('join: any_succeeded')] },
  {
    title: 'join: any_succeeded of two',
    stages: [skippable, other, r('needs: [x, o]', 'join: any_succeeded')],
    why: 'skipped',
  },
  { title: 'x must have succeeded', stages: [skippable, other, r('needs: [{ stage: x, status: [succeeded] }, o]')] },
  // the reader's own `if`
  { title: 'the same if', stages: [skippable, r('if: inputs.p')] },
  { title: 'the same if, written otherwise', stages: [skippable, r('if: "inputs . p"')] },
  { title: 'the same if as an operand of &&', stages: [skippable, r('if: inputs.q && inputs.p')] },
  { title: 'the same if as an operand of ||', stages: [skippable, r('if: inputs.q || inputs.p')], why: 'skipped' },
  {
    title: 'the same if inside parentheses with ||',
    stages: [skippable, r('if: inputs.q && (inputs.p || inputs.q)')],
    why: 'skipped',
  },
  { title: 'another if', stages: [skippable, r('if: inputs.q')], why: 'skipped' },
  { title: 'both operands of its if', stages: [x('if: inputs.p && inputs.q'), r('if: inputs.q && inputs.p')] },
  {
    title: 'one of two operands of its if',
    stages: [x('if: inputs.p && inputs.q'), r('if: inputs.p')],
    why: 'skipped',
  },
  { title: 'the same if, which reads a variable', stages: [x('if: vars.v'), r('if: vars.v')], why: 'skipped' },
  {
    title: 'the same if, which reads the time',
    stages: [x('if: now() > time("2030-01-01T00:00:00Z")'), r('if: now() > time("2030-01-01T00:00:00Z")')],
    why: 'skipped',
  },
  { title: 'the same if beside a variable of the reader', stages: [skippable, r('if: inputs.p && vars.v')] },
  // through others
  { title: 'through a stage that is skipped with x', stages: [skippable, plain('m', 'needs: [x]'), r('needs: [m]')] },
  {
    title: 'through a stage that is skipped with x, beside another',
    stages: [skippable, other, plain('m', 'needs: [x]'), r('needs: [m, o]')],
  },
  {
    title: 'through a stage that is skipped with x, even if the reader runs whatever happened',
    stages: [skippable, plain('m', 'needs: [x]'), r('needs: [m]', 'join: all_done')],
  },
  { title: 'through a stage that runs without x', stages: [skippable, plain('m'), r('needs: [m]')], why: 'skipped' },
  {
    title: 'through a stage with the same if, the only need',
    stages: [skippable, plain('m', 'if: inputs.p'), r('needs: [m]')],
  },
  {
    title: 'through a stage with the same if, beside another',
    stages: [skippable, other, plain('m', 'needs: [x, o]', 'if: inputs.p'), r('needs: [m, o]')],
    why: 'skipped',
  },
  // x skipped because a need of its own was: that passes to every dependant
  {
    title: 'x is skipped because of its need',
    stages: [plain('n', 'if: inputs.p'), x('needs: [n]'), r('needs: [x]', 'join: all_done')],
    why: 'failed',
  },
  {
    title: 'x is skipped because of its need, reader with the default join',
    stages: [plain('n', 'if: inputs.p'), other, x('needs: [n]'), r('needs: [x, o]')],
  },
  // x waits for a status
  {
    title: 'x runs only after a failure',
    stages: [other, x('needs: [{ stage: o, status: [failed] }]'), r('needs: [x, o]')],
    why: 'skipped',
  },
  {
    title: 'x runs only after a failure, and is the only need',
    stages: [other, x('needs: [{ stage: o, status: [failed] }]'), r('needs: [x]')],
  },
  {
    title: 'x waits for a status, so the same if says too little',
    stages: [
      other,
      x('needs: [{ stage: o, status: [succeeded] }]', 'if: inputs.p'),
      r('needs: [x, o]', 'join: all_done', 'if: inputs.p'),
    ],
    why: 'skipped',
  },
  // x failed
  { title: 'x failed, and the reader runs whatever happened', stages: [x(), r('join: all_done')], why: 'failed' },
  {
    title: 'x failed, and the reader handles it',
    stages: [x(), r('needs: [{ stage: x, status: [failed] }]')],
    why: 'failed',
  },
  { title: 'x failed or not', stages: [x(), r('needs: [{ stage: x, status: [failed, succeeded] }]')], why: 'failed' },
  {
    title: 'x failed, and another succeeded',
    stages: [x(), other, r('needs: [x, o]', 'join: any_succeeded')],
    why: 'failed',
  },
  { title: 'x failed, and it is the only need', stages: [x(), r('needs: [x]', 'join: any_succeeded')] },
  {
    title: 'x failed, and something else runs whatever happened',
    stages: [x(), plain('m', 'join: all_done'), r('needs: [x, m]')],
  },
  {
    title: 'x failed, and the reader only needs what runs whatever happened',
    stages: [x(), plain('m', 'join: all_done'), r('needs: [m]')],
    why: 'failed',
  },
  // x tolerated
  { title: 'x tolerated without a value, list order', stages: [tolerated, r()], why: 'tolerated' },
  {
    title: 'x tolerated without a value, the only need: joins count it as succeeded',
    stages: [tolerated, r('needs: [x]')],
    why: 'tolerated',
  },
  {
    title: 'x tolerated without a value, join: all_succeeded',
    stages: [tolerated, r('join: all_succeeded')],
    why: 'tolerated',
  },
  {
    title: 'x tolerated without a value, but it must have succeeded',
    stages: [tolerated, r('needs: [{ stage: x, status: [succeeded] }]')],
  },
  { title: 'x tolerated with a value', stages: [x('on_error: { continue: { n: 0 } }'), r()] },
  {
    title: 'x tolerated with a value, and the reader handles the failure',
    stages: [x('on_error: { continue: { n: 0 } }'), r('needs: [{ stage: x, status: [failed] }]')],
  },
]

describe('a field of an output', () => {
  it.each(cases)('$title: $why', ({ stages, why }) => {
    const found = said(pipeline(stages, inputs, vars))
    const words = {
      skipped: 'can be skipped',
      failed: 'can have failed',
      tolerated: 'can fail and be tolerated without a value',
    }
    expect(found.map((line) => line.replace(/ \d+:\d+/, ''))).toEqual(
      why ? [`maybe_absent_output The output of "x" may be null here, because that stage ${words[why]}.`] : [],
    )
  })

  it('is read by .? wherever it may be absent', () => {
    expect(said(pipeline([skippable, 'id: r\ntransform: ${{ coalesce(stages.x.output.?n, 0) }}'], inputs))).toEqual([])
  })

  it('may be absent, but the output as a whole and the status can be read', () => {
    const reader = 'id: r\ntransform: { o: "${{ stages.x.output }}", s: "${{ stages.x.status }}" }'
    expect(said(pipeline([skippable, reader], inputs))).toEqual([])
  })

  it('is told where the read stands, with what to do', () => {
    const found = only(pipeline([skippable, other, r()], inputs))
    expect([found.span.start.line, found.span.start.column]).toEqual([11, 20])
    expect(found.hint).toMatch(
      /^Read its fields with \.\? and a default, as in coalesce\(stages\.x\.output\.\?field, …\), or let/,
    )
  })

  it('may be guarded by the if that reads it', () => {
    const reader = 'id: r\nif: inputs.p && stages.x.output.n == 1\ntransform: 1'
    expect(said(pipeline([skippable, reader], inputs))).toEqual([])
  })
})

describe('outputs of the pipeline', () => {
  const end = (stages: readonly string[]) =>
    said(`${pipeline(stages, inputs)}outputs: { n: "\${{ stages.x.output.n }}" }\n`)
  const isAbsent = (found: readonly string[]) => found.length === 1 && found[0]?.startsWith('maybe_absent_output')

  it('read what ran in a run that succeeded', () => {
    expect(end([x()])).toEqual([])
    expect(end([other, x('needs: [o]')])).toEqual([])
  })

  it('may find nothing where a stage was skipped, for whatever reason', () => {
    expect(isAbsent(end([skippable]))).toBe(true)
    expect(isAbsent(end([plain('n', 'if: inputs.p'), x('needs: [n]')]))).toBe(true)
    expect(isAbsent(end([plain('n', 'if: inputs.p'), x('join: all_succeeded')]))).toBe(true)
    expect(isAbsent(end([tolerated]))).toBe(true)
  })

  it('find it where a skip above did not matter', () => {
    expect(end([plain('n', 'if: inputs.p'), x()])).toEqual([])
    expect(end([plain('n', 'if: inputs.p'), other, x('needs: [n, o]')])).toEqual([])
  })
})
