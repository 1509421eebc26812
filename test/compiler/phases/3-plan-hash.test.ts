/** The hash of a plan and the meaning of its text change together: random pipelines, random edits of both sorts. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Document } from 'yaml'
import { compilePipeline } from '../../../src/compiler/compile.ts'
import { builtinFunctions, builtinKinds } from '../../../src/stages/index.ts'

interface Stage {
  [key: string]: unknown
  id: string
}
interface Pipeline {
  [key: string]: unknown
  stages: Stage[]
}

const word = fc.constantFrom('tea', 'a b', '', '1', 'true', '"', '$${{ x }}', 'two\nlines', '# no comment')
const expression = fc.constantFrom(
  'inputs.n > 1',
  'inputs.n + 1',
  "'a' + inputs.t",
  '[1, 2].map(x, x * 2)',
  '{"k": inputs.n}',
)
const value = fc.oneof(
  word,
  fc.integer({ min: 0, max: 3 }),
  fc.boolean(),
  expression.map((source) => `\${{ ${source} }}`),
  expression.map((source) => `text \${{ json(${source}) }} more`),
  fc.array(word, { maxLength: 2 }),
  fc.dictionary(
    fc.constantFrom('a', 'b', 'c'),
    fc.oneof(
      word,
      expression.map((source) => `\${{ ${source} }}`),
    ),
    {
      maxKeys: 3,
      noNullPrototype: true,
    },
  ),
)
const stageAt = (index: number): fc.Arbitrary<Stage> =>
  fc.record(
    {
      id: fc.constant(`s${index}`),
      transform: value,
      if: fc.constantFrom('inputs.n > 1', "inputs.t == 'x'"),
      title: fc.constantFrom('A', 'B'),
      timeout: fc.constantFrom('1s', '2m'),
      retry: fc.record({ attempts: fc.integer({ min: 1, max: 3 }), delay: fc.constantFrom('1s', '3s') }),
      on_error: fc.constantFrom('continue', 'fail', { continue: 1 }),
      needs: fc.subarray(Array.from({ length: index }, (_, above) => `s${above}`)),
      join: fc.constantFrom('all_done', 'none_failed'),
    },
    { requiredKeys: ['id', 'transform'] },
  )
const pipelines: fc.Arbitrary<Pipeline> = fc.integer({ min: 1, max: 4 }).chain((count) =>
  fc.record({
    name: fc.constantFrom('p', 'q'),
    inputs: fc.constant({ n: { type: 'integer', default: 1 }, t: { type: 'string', default: 'x' } }),
    env: fc.constantFrom(['A', { B: 'b' }], ['A']),
    stages: fc.tuple(...Array.from({ length: count }, (_, index) => stageAt(index))),
    outputs: fc.dictionary(fc.constantFrom('x', 'y'), value, { maxKeys: 2, noNullPrototype: true }),
  }),
)

const request = { kinds: builtinKinds, functions: builtinFunctions, models: new Set<string>() }

function hashOf(text: string, path?: string): string {
  const { plan, diagnostics } = compilePipeline(text, { ...request, ...(path !== undefined && { path }) })
  if (!plan) throw new Error(`${diagnostics[0]?.message}\n${text}`)
  return plan.hash
}

const write = (pipeline: unknown, style: object = {}): string => new Document(pipeline).toString(style)

const styles = fc.record({
  indent: fc.integer({ min: 1, max: 6 }),
  lineWidth: fc.constantFrom(0, 200),
  defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL'),
  defaultKeyType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE'),
  collectionStyle: fc.constantFrom('any', 'block', 'flow'),
})

/** The same pipeline with keys in another order, wherever it stands. */
function reversed(found: unknown): unknown {
  if (Array.isArray(found)) return found.map(reversed)
  if (typeof found !== 'object' || found === null) return found
  return Object.fromEntries(
    Object.entries(found)
      .map(([key, each]) => [key, reversed(each)])
      .reverse(),
  )
}

/** Edits that change what a pipeline means. Each gives undefined where it does not apply. */
const edits: Record<string, (pipeline: Pipeline, stage: Stage) => Pipeline | undefined> = {
  'another name': (pipeline) => ({ ...pipeline, name: `${pipeline.name}_x` }),
  'another default': (pipeline) => ({
    ...pipeline,
    inputs: { n: { type: 'integer', default: 7 }, t: { type: 'string', default: 'x' } },
  }),
  'another type': (pipeline) => ({
    ...pipeline,
    inputs: { n: { type: 'number', default: 1 }, t: { type: 'string', default: 'x' } },
  }),
  'an input more': (pipeline) => ({ ...pipeline, inputs: { ...(pipeline.inputs as object), 'more?': 'string' } }),
  'a stage more': (pipeline) => ({ ...pipeline, stages: [...pipeline.stages, { id: 'last', transform: 1 }] }),
  'another value': (pipeline, stage) => withStage(pipeline, stage, { transform: ['other', stage.transform] }),
  'another expression': (pipeline, stage) => withStage(pipeline, stage, { transform: '${{ inputs.n - 1 }}' }),
  'a condition': (pipeline, stage) => withStage(pipeline, stage, { if: 'inputs.n == 99' }),
  'another timeout': (pipeline, stage) => withStage(pipeline, stage, { timeout: '77s' }),
  'a cheaper retry': (pipeline, stage) => withStage(pipeline, stage, { retry: { attempts: 9 } }),
  'another id': (pipeline, stage) =>
    stage === pipeline.stages.at(-1) ? withStage(pipeline, stage, { id: 'renamed' }) : undefined,
  'other needs': (pipeline, stage) =>
    stage.needs !== undefined || stage === pipeline.stages[0] ? undefined : withStage(pipeline, stage, { needs: [] }),
  'another tolerance': (pipeline, stage) => withStage(pipeline, stage, { on_error: { continue: 'otherwise' } }),
  'an output more': (pipeline) => ({ ...pipeline, outputs: { ...(pipeline.outputs as object), z: 1 } }),
  'a variable of the environment more': (pipeline) => ({ ...pipeline, env: [...(pipeline.env as []), 'MORE'] }),
}

const withStage = (pipeline: Pipeline, stage: Stage, change: object): Pipeline => ({
  ...pipeline,
  stages: pipeline.stages.map((each) => (each === stage ? { ...each, ...change } : each)),
})

/** The stages of the pipeline, as they are or inside another one. */
const holders: Record<string, (stages: readonly Stage[]) => Stage[]> = {
  none: (stages) => [...stages],
  foreach: (stages) => [
    {
      id: 'body',
      foreach: ['${{ inputs.n }}'],
      as: 'each',
      concurrency: 2,
      result: [{ a: 1, b: '${{ index }}' }],
      stages,
    },
  ],
  loop: (stages) => [{ id: 'body', loop: { until: 'iteration.index > 1', max: 3, delay: '1s' }, stages }],
  switch: (stages) => [
    { id: 'body', switch: [{ when: 'inputs.n > 1', stages }, { else: [{ id: 'other', transform: 1 }] }] },
  ],
  parallel: (stages) => [
    { id: 'body', fail_fast: false, parallel: { left: stages, right: [{ id: 'other', transform: 1 }] } },
  ],
}
const holding = (pipeline: Pipeline, holder: string): Pipeline => {
  const stages = holders[holder]?.(pipeline.stages) ?? []
  return { ...pipeline, stages: holder === 'none' ? stages : [{ id: 'outer', foreach: [1], stages }] }
}
const anyHolder = fc.constantFrom(...Object.keys(holders))

const seeds = [7, Math.floor(Math.random() * 2 ** 31)]

describe('the hash of a plan', () => {
  it.each(seeds)(
    'stays the same however the text is laid out, ordered, commented and wherever it lies (seed %i)',
    (seed) => {
      fc.assert(
        fc.property(pipelines, styles, anyHolder, (flat, style, holder) => {
          const pipeline = holding(flat, holder)
          const hash = hashOf(write(pipeline))
          expect(hashOf(write(pipeline, style))).toBe(hash)
          expect(hashOf(write(reversed(pipeline), style))).toBe(hash)
          expect(hashOf(`# before\n${write(pipeline, style)}# after\n`, '/elsewhere/other.yaml')).toBe(hash)
        }),
        { seed, numRuns: 150 },
      )
    },
  )

  it.each(seeds)('changes with every change of meaning (seed %i)', (seed) => {
    const tried = new Set<string>()
    fc.assert(
      fc.property(pipelines, fc.constantFrom(...Object.keys(edits)), fc.nat({ max: 3 }), anyHolder, (...drawn) => {
        const [pipeline, edit, at, holder] = drawn
        const stage = pipeline.stages[at % pipeline.stages.length] as Stage
        const edited = edits[edit]?.(pipeline, stage)
        if (!edited) return
        tried.add(edit)
        expect(hashOf(write(holding(edited, holder)))).not.toBe(hashOf(write(holding(pipeline, holder))))
      }),
      { seed, numRuns: 600 },
    )
    // A seed of the day may miss an edit that few pipelines allow; the fixed one tries them all.
    if (seed === seeds[0]) expect([...tried].toSorted()).toEqual(Object.keys(edits).toSorted())
    else expect(tried.size).toBeGreaterThan(5)
  })
})
