/** The fold of variables: merge rules, plan order, what is seen, patches, reducers of the user's. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLists } from '../../src/execution/lists.ts'
import { createVariables } from '../../src/execution/variables.ts'
import type { Json } from '../../src/foundation/json.ts'
import type { Outcome, VariablePatch } from '../../src/foundation/outcome.ts'
import type { Plan, VariablePlan } from '../../src/foundation/plan.ts'
import type { RunView } from '../../src/foundation/stage-runner.ts'
import { planOf, runnerOf, stage } from '../support-stages.ts'

const variablesOf = ({ vars, stages, origin: { directory } }: Plan) =>
  createVariables({ vars, directory }, createLists().of(stages))
const withVariable = (merge: VariablePlan['merge'], otherwise?: Json, directory = '/') =>
  planOf([], {
    vars: { x: { schema: true, merge, ...(otherwise !== undefined && { default: otherwise }) } },
    origin: { file: null, directory },
  })
const fold = (merge: VariablePlan['merge'], contributions: Json[], otherwise?: Json, base?: Json) =>
  variablesOf(withVariable(merge, otherwise)).fold('x', contributions, base)

describe('merge rules', () => {
  it.each<[VariablePlan['merge'], Json[], Json | undefined, Json]>([
    ['last', [1, 2, 3], 0, 3],
    ['last', [], 0, 0],
    ['last', [], undefined, null],
    ['last', [1, null], 0, null],
    ['first', [1, 2, 3], 0, 1],
    ['first', [], 0, 0],
    ['append', [[1], [2, 3]], [0], [0, 1, 2, 3]],
    ['append', [[1], [2]], undefined, [1, 2]],
    ['append', [null, [1]], undefined, [1]],
    ['union', [[1, 2, 2], [{ a: 1, b: 2 }], [{ b: 2, a: 1 }, 1]], undefined, [1, 2, { a: 1, b: 2 }]],
    ['union', [[1]], [1, 0], [1, 0]],
    ['sum', [1, 2.5], 10, 13.5],
    ['sum', [4], undefined, 4],
    ['min', [3, 1, 2], undefined, 1],
    ['min', [3, 2], 1, 1],
    ['max', [3, 1, 2], 0, 3],
    ['max', ['b', 'a'], undefined, 'b'],
    ['merge', [{ a: 1 }, { b: 2 }, { a: 3 }], { c: 0 }, { c: 0, a: 3, b: 2 }],
  ])('%s of %j on %j is %j', (merge, contributions, otherwise, expected) => {
    const folded = fold(merge, contributions, otherwise)
    expect(folded).toEqual(expected)
    expect(typeof folded !== 'object' || Object.isFrozen(folded)).toBe(true)
  })

  it('take a patch as what was there before', () => {
    expect(fold('append', [[2]], [0], [9])).toEqual([9, 2])
    expect(fold('sum', [2], 100, 1)).toBe(3)
    expect(fold('first', [2], 0, 9)).toBe(9)
    expect(fold('last', [], 0, 9)).toBe(9)
  })

  it('never change what they are given', () => {
    const given: Json[] = [[1], [2]]
    fold('append', given, undefined)
    expect(given).toEqual([[1], [2]])
  })

  it('refuse a sum that is no number any more', () => {
    expect(() => fold('sum', [Number.MAX_VALUE, Number.MAX_VALUE])).toThrow(/too large/)
  })
})

describe('what a stage sees', () => {
  const plan = planOf(
    [
      stage('a', { set: { x: ['a'] } }),
      stage('b', { needs: ['a'], set: { x: ['b'] } }),
      stage('c', { needs: ['a'], set: { x: ['c'] } }),
      stage('d', { needs: ['c'], set: {} }),
      stage('e', { needs: ['b', 'd'] }),
    ],
    { vars: { x: { schema: true, merge: 'append', default: [] } } },
  )
  const outcome = (value: string): Outcome => ({
    status: 'succeeded',
    output: null,
    error: null,
    reason: null,
    tolerated: false,
    set: { x: [value] },
    attempts: 1,
    started_at: '',
    ended_at: '',
  })
  const view = (patches: VariablePatch[] = []): RunView => ({
    ...runnerOf(plan).runner.start({}, 't'),
    outcomes: { c: outcome('c'), a: outcome('a'), b: outcome('b') }, // the order in which they ended
    patches,
  })

  it('is what its transitive upstream set, in plan order', () => {
    const { seen } = variablesOf(plan)
    expect(seen('x', view(), 0)).toEqual([])
    expect(seen('x', view(), 1)).toEqual(['a'])
    expect(seen('x', view(), 3)).toEqual(['a', 'c'])
    expect(seen('x', view(), 4)).toEqual(['a', 'b', 'c'])
    expect(seen('x', view())).toEqual(['a', 'b', 'c'])
  })

  it('is a patch in place of what it covers, and the rest on top', () => {
    const { seen } = variablesOf(plan)
    const patch = { variable: 'x', value: ['patched'], covers: ['a', 'c'] }
    expect(seen('x', view([patch]), 1)).toEqual(['patched'])
    expect(seen('x', view([patch]), 4)).toEqual(['patched', 'b'])
    expect(seen('x', view([patch, { variable: 'y', value: 1, covers: [] }]))).toEqual(['patched', 'b'])
    expect(seen('x', view([patch, { variable: 'x', value: [], covers: ['a', 'b', 'c'] }]))).toEqual([])
  })
})

describe('reducers of the user', () => {
  let directory: string
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'stagegraph-reducers-'))
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    writeFileSync(
      join(directory, 'reducers.ts'),
      `export function count(current: Record<string, number> | null, word: string) {
         if (current === null) return { [word]: 1 }
         current[word] = (current[word] ?? 0) + 1 // may change what it is given
       }
       export const longest = (current: string | null, next: string): string =>
         current === null || next.length > current.length ? next : current
       export const broken = () => { throw new Error('on purpose') }
       export const date = () => new Date(0)
       export const constant = 5`,
    )
  })
  afterAll(() => rmSync(directory, { recursive: true }))
  const folding = (name: string, contributions: Json[], otherwise?: Json) =>
    variablesOf(withVariable({ file: './reducers.ts', export: name }, otherwise, directory)).fold('x', contributions)

  it('are loaded from TypeScript, and may change what they are given without anyone noticing', () => {
    const start = Object.freeze({ a: 1 })
    expect(folding('count', ['a', 'b', 'a'], start)).toEqual({ a: 3, b: 1 })
    expect(start).toEqual({ a: 1 })
    expect(folding('count', ['a'])).toEqual({ a: 1 })
    expect(folding('longest', ['aa', 'aaa', 'a'])).toBe('aaa')
  })

  it('that throw or return no JSON are named', () => {
    expect(() => folding('broken', [1])).toThrow('The reducer of "x" failed: on purpose')
    expect(() => folding('date', [1])).toThrow(/The reducer of "x" returned what is not JSON/)
  })

  it('that are not there are found when the run starts', () => {
    const start = (reducer: { file: string; export: string }) =>
      runnerOf(withVariable(reducer, undefined, directory)).runner.start({}, 't')
    expect(() => start({ file: './reducers.ts', export: 'nope' })).toThrow(
      '"./reducers.ts" exports no function "nope".',
    )
    expect(() => start({ file: './reducers.ts', export: 'constant' })).toThrow(/exports no function/)
    expect(() => start({ file: './missing.ts', export: 'x' })).toThrow(/could not be loaded/)
  })
})
