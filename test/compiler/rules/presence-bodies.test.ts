/**
 * What can be read across lists of stages is what is there: when a pipeline with stages inside stages compiles, no
 * expression in it ever meets an output that is missing. Random pipelines are compiled and then run for real.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CompileError, compile, createEngine, createMemoryStore, type JsonObject } from '../../../src/index.ts'

const inputs = ['p', 'q', 'r']

/** Choices, in the order in which they are asked for. */
type Choose = (count: number) => number

/** Lines of a list of stages that may hold others; `ids` grows by every stage that there is. */
function list(choose: Choose, indent: string, depth: number, ids: string[]): string[] {
  const lines: string[] = []
  for (let at = 0; at <= choose(3); at++) lines.push(...stage(choose, indent, depth, ids, at === 0))
  return lines
}

function stage(choose: Choose, indent: string, depth: number, ids: string[], isFirst: boolean): string[] {
  const id = `s${ids.length}`
  const known = [...ids]
  ids.push(id)
  const inner = `${indent}  `
  const lines = [`${indent}- id: ${id}`]
  if (!isFirst && choose(4) === 0) lines.push(`${inner}needs: [${known.at(-1 - choose(2)) ?? ''}]`)
  if (choose(3) === 0) lines.push(`${inner}if: ${condition(choose)}`)
  if (choose(6) === 0) lines.push(`${inner}join: ${['all_succeeded', 'all_done', 'any_succeeded'][choose(3)]}`)
  if (choose(6) === 0) lines.push(`${inner}on_error: continue`)
  const kind = depth === 0 ? 9 : choose(9)
  const body = () => list(choose, `${inner}  `, depth - 1, ids)
  if (kind === 0) lines.push(`${inner}foreach: [1, 2]`, `${inner}as: ${id}_item`, `${inner}stages:`, ...body())
  else if (kind === 1) {
    lines.push(`${inner}loop: { while: 'iteration.index < ${choose(3)}', max: 3 }`, `${inner}stages:`, ...body())
  } else if (kind === 2) {
    lines.push(`${inner}switch:`)
    lines.push(`${inner}  - when: ${condition(choose)}`, `${inner}    stages:`, ...deeper(body()))
    if (choose(2) === 0) lines.push(`${inner}  - else:`, ...deeper(body()))
  } else if (kind === 3) {
    lines.push(`${inner}parallel:`, `${inner}  left:`, ...deeper(body()), `${inner}  right:`, ...deeper(body()))
  } else {
    const read = known.length > 0 && choose(3) > 0 ? `stages.${known[choose(known.length)]}.output.v` : '1'
    const failure = choose(5) === 0 ? `(inputs.${inputs[choose(3)]} ? range(-1)[0] : 0)` : '0'
    lines.push(
      `${inner}transform: { v: "\${{ ${read} }}", w: "\${{ ${failure} }}" }`,
      `${inner}output: { v: number, w: number }`,
    )
  }
  return lines
}

const deeper = (lines: readonly string[]): string[] => lines.map((line) => `    ${line}`)
const condition = (choose: Choose): string => `inputs.${inputs[choose(3)]}`

const combinations: readonly JsonObject[] = Array.from({ length: 8 }, (_, bits) =>
  Object.fromEntries(inputs.map((name, at) => [name, (bits & (1 << at)) !== 0])),
)

function tryCompile(text: string) {
  try {
    return compile(text)
  } catch (error) {
    if (error instanceof CompileError) return error
    throw error
  }
}

describe('reads in stages inside stages', () => {
  it.each([7, Math.floor(Math.random() * 2 ** 31)])(
    'never go wrong in a pipeline that compiles (seed %i)',
    async (seed) => {
      let ran = 0
      const codes = new Set<string>()
      await using engine = createEngine({ store: createMemoryStore() })
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat({ max: 1_000 }), { minLength: 20, maxLength: 120 }), async (numbers) => {
          let next = 0
          const choose: Choose = (count) => (numbers[next++ % numbers.length] as number) % count
          const ids: string[] = []
          const stages = list(choose, '  ', 3, ids)
          const text = [
            'name: random',
            `inputs: { ${inputs.map((name) => `${name}: boolean`).join(', ')} }`,
            'stages:',
            ...stages,
          ].join('\n')
          const pipeline = tryCompile(text)
          if (pipeline instanceof CompileError) {
            for (const { code } of pipeline.diagnostics) codes.add(code)
            return
          }
          for (const given of combinations) {
            const { runId } = await engine.execute(pipeline, given)
            ran++
            const state = await engine.get(runId)
            for (const { id, error } of state?.stages ?? []) {
              if (error && !/range|There is no item|most it may have|of the item was skipped/i.test(error.message)) {
                throw new Error(`${id} failed with "${error.message}" for ${JSON.stringify(given)} in\n${text}`)
              }
            }
          }
        }),
        { seed, numRuns: 400 },
      )
      expect(ran, 'enough pipelines compiled to mean something').toBeGreaterThan(100)
      expect([...codes].sort()).toEqual(
        expect.arrayContaining(['maybe_absent_output', 'stage_inside_body', 'stage_not_upstream']),
      )
    },
    120_000,
  )
})
