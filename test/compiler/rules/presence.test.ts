/**
 * `maybe_absent_output` is sound: when a pipeline compiles without it, no stage ever reads a field of an output that is
 * not there, whatever is skipped and whatever fails. Random pipelines are compiled and then run for real.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CompileError, compile, createEngine, createMemoryStore, type JsonObject } from '../../../src/index.ts'

interface Drawn {
  readonly needs: readonly number[] | undefined
  readonly statuses: readonly ('succeeded' | 'failed')[] | undefined
  readonly join: string
  readonly condition: number | undefined
  readonly onError: 'fail' | 'continue' | 'value'
  readonly fails: number | undefined
  readonly reads: number
}

const inputs = ['p', 'q', 'r']

const stages = fc.array(
  fc.record<Drawn>({
    needs: fc.option(fc.array(fc.nat({ max: 7 }), { maxLength: 3 }), { nil: undefined }),
    statuses: fc.option(fc.subarray(['succeeded', 'failed'] as const, { minLength: 1 }), { nil: undefined, freq: 6 }),
    join: fc.constantFrom('none_failed', 'none_failed', 'all_succeeded', 'all_done', 'any_succeeded'),
    condition: fc.option(fc.nat({ max: 2 }), { nil: undefined }),
    onError: fc.constantFrom('fail', 'fail', 'continue', 'value'),
    fails: fc.option(fc.nat({ max: 2 }), { nil: undefined, freq: 3 }),
    reads: fc.nat({ max: 7 }),
  }),
  { minLength: 2, maxLength: 7 },
)

/** Stage i reads a field of an earlier stage's output; it fails when its input says so. */
function yaml(drawn: readonly Drawn[]): string {
  const lines = ['name: random', `inputs: { ${inputs.map((name) => `${name}: boolean`).join(', ')} }`, 'stages:']
  drawn.forEach((stage, index) => {
    lines.push(`  - id: s${index}`)
    const needs =
      stage.needs && [...new Set(stage.needs.map((need) => need % Math.max(1, index)))].filter(() => index > 0)
    if (needs) {
      const [first, ...others] = needs
      const entry =
        stage.statuses && first !== undefined
          ? `{ stage: s${first}, status: [${stage.statuses.join(', ')}] }`
          : undefined
      lines.push(
        `    needs: [${[...(entry ? [entry] : first === undefined ? [] : [`s${first}`]), ...others.map((each) => `s${each}`)].join(', ')}]`,
      )
    }
    lines.push(`    join: ${stage.join}`)
    if (stage.condition !== undefined) lines.push(`    if: inputs.${inputs[stage.condition]}`)
    if (stage.onError === 'continue') lines.push('    on_error: continue')
    if (stage.onError === 'value') lines.push('    on_error: { continue: { v: 0, w: 0 } }')
    const readable = needs ?? [...Array(index).keys()]
    const read =
      readable.length === 0 || index < drawn.length - 1
        ? '1'
        : `stages.s${readable[stage.reads % readable.length]}.output.v`
    const failure = stage.fails === undefined ? '0' : `(inputs.${inputs[stage.fails]} ? range(-1)[0] : 0)`
    lines.push(
      `    transform: { v: "\${{ ${read} }}", w: "\${{ ${failure} }}" }`,
      '    output: { v: number, w: number }',
    )
  })
  const end = (drawn[0]?.reads ?? 0) % drawn.length
  if (drawn[0]?.condition === undefined) lines.push(`outputs: { end: "\${{ stages.s${end}.output.v }}" }`)
  return lines.join('\n')
}

const combinations: readonly JsonObject[] = Array.from({ length: 8 }, (_, bits) =>
  Object.fromEntries(inputs.map((name, at) => [name, (bits & (1 << at)) !== 0])),
)

function tryCompile(text: string) {
  try {
    return compile(text)
  } catch (error) {
    if (error instanceof CompileError) return undefined
    throw error
  }
}

describe('reads of outputs that may be absent', () => {
  it.each([11, Math.floor(Math.random() * 2 ** 31)])(
    'never go wrong in a pipeline that compiles (seed %i)',
    async (seed) => {
      let ran = 0
      await using engine = createEngine({ store: createMemoryStore() })
      await fc.assert(
        fc.asyncProperty(stages, async (drawn) => {
          const text = yaml(drawn)
          const pipeline = tryCompile(text)
          if (!pipeline) return
          for (const given of combinations) {
            const { runId } = await engine.execute(pipeline, given)
            ran++
            const state = await engine.get(runId)
            for (const { id, error } of [
              ...(state?.stages ?? []),
              { id: 'outputs', error: state?.result?.error ?? null },
            ]) {
              if (error && !error.message.includes('range') && !/index|item/i.test(error.message)) {
                throw new Error(`${id} failed with "${error.message}" for ${JSON.stringify(given)} in\n${text}`)
              }
            }
          }
        }),
        { seed, numRuns: 250 },
      )
      expect(ran, 'enough pipelines compiled to mean something').toBeGreaterThan(20)
    },
    120_000,
  )
})
