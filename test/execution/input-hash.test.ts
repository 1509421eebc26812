/** What an attempt was given, as a hash: the same for the same, another for anything else, and nothing of secrets. */
import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createControl } from '../../src/execution/control.ts'
import { createInputHash, type HashInput } from '../../src/execution/input-hash.ts'
import { createLists } from '../../src/execution/lists.ts'
import { createSemaphore } from '../../src/execution/semaphore.ts'
import { evaluateGiven, inputHashOf } from '../../src/execution/stage-work.ts'
import { createWorkshop, scopeOf } from '../../src/execution/workshop.ts'
import { createManualClock } from '../../src/foundation/clock.ts'
import { createEvaluator } from '../../src/foundation/expression/evaluate.ts'
import { deepFreeze, type Json, jsonEqual } from '../../src/foundation/json.ts'
import { silentLogger } from '../../src/foundation/logger.ts'
import { noPast } from '../../src/foundation/past.ts'
import { createValidators } from '../../src/foundation/schema.ts'
import { kindsOf, type PlanSketch, planOf, type StageSketch, stage } from '../support-stages.ts'

/** The hash of a literal value. */
const hashOf = (config: Json, hashInput: HashInput = createInputHash({ files: {} })): string =>
  hashInput(stage('it'), { config, env: {}, evaluate: () => null })

/** The hash of a stage as a runner sees it, with these secrets and inputs. */
function hashAt(sketch: StageSketch, env: Record<string, string> = {}, inputs = {}, plan: PlanSketch = {}): string {
  const own = stage('it', sketch)
  const made = planOf([own], { secrets: Object.keys(env), ...plan })
  const shop = createWorkshop(made, {
    kinds: kindsOf(),
    lists: createLists(),
    evaluator: createEvaluator(),
    validators: createValidators(),
    clock: createManualClock(),
    random: () => 0,
    services: { functions: new Map(), models: new Map(), fetch: globalThis.fetch },
    env,
    control: createControl(),
    semaphore: createSemaphore(1),
    logger: silentLogger,
  })
  const run = { id: 'r', thread_id: 'r', pipeline: 'test', version: null, plan: made.hash, env: {}, started_at: '' }
  const view = { inputs, outcomes: {}, patches: [], run: deepFreeze(run) }
  const at = { stage: own, path: own.id, view, scope: scopeOf(shop, view, own), past: noPast.of('it') }
  return inputHashOf(shop, at, evaluateGiven(shop, at))
}

describe('the hash of an input', () => {
  it('is 16 bytes in hex, equal for equal values and different for different ones', () => {
    expect(hashOf({ a: 1 })).toMatch(/^[0-9a-f]{32}$/)
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [one, two] = [a, b].map((value) => JSON.parse(JSON.stringify(value)) as Json) as [Json, Json]
        expect(hashOf(one) === hashOf(two)).toBe(jsonEqual(one, two))
        expect(hashOf(JSON.parse(JSON.stringify(one)) as Json)).toBe(hashOf(one))
      }),
      { seed: 7, numRuns: 300 },
    )
  })

  it('does not depend on the order of keys, nor on what was hashed before, nor on what is frozen', () => {
    const large = { text: 'x'.repeat(5_000), list: Array.from({ length: 500 }, (_, n) => ({ n, text: `item ${n}` })) }
    const turned = { list: large.list.map(({ n, text }) => ({ text, n })), text: large.text }
    const shared = createInputHash({ files: {} })
    const first = hashOf({ large }, shared)
    expect(hashOf({ large: turned }, shared)).toBe(first)
    expect(hashOf(deepFreeze({ large: structuredClone(large) }), shared)).toBe(first)
    expect(hashOf({ large })).toBe(first)
    expect(hashOf({ large: { ...large, text: `${'x'.repeat(4_999)}y` } }, shared)).not.toBe(first)
    expect(hashOf({ large: { ...large, list: large.list.slice(1) } }, shared)).not.toBe(first)
  })

  it('tells a long value from the text that stands for it', () => {
    const long = 'x'.repeat(1_000)
    for (const short of [hash('sha256', long, 'hex').slice(0, 32), `#${hash('sha256', long, 'hex').slice(0, 32)}`]) {
      expect(hashOf(long)).not.toBe(hashOf(short))
      expect(hashOf([long])).not.toBe(hashOf([short]))
    }
  })

  it('reads a large frozen value once', () => {
    const hashInput = createInputHash({ files: {} })
    let reads = 0 // of a value that JSON could not hold, so that reading it can be counted
    const large = {
      ...Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`key${n}`, n])),
      get more() {
        return ++reads
      },
    }
    deepFreeze(large)
    reads = 0
    const first = hashOf({ large } as unknown as Json, hashInput)
    expect(hashOf({ large, again: 1 } as unknown as Json, hashInput)).not.toBe(first)
    expect(reads).toBe(1)
  })

  it('changes with the kind, the environment and the source of the file', () => {
    const config = { uses: './f.ts#f' }
    const hashes = [
      hashAt({ kind: 'echo', value: config }),
      hashAt({ kind: 'value', value: config }),
      hashAt({ kind: 'echo', value: config, env: { A: '1' } }),
      hashAt({ kind: 'echo', value: config, env: { A: '2' } }),
      hashAt({ kind: 'echo', value: config }, {}, {}, { files: { './f.ts': 'one' } }),
      hashAt({ kind: 'echo', value: config }, {}, {}, { files: { './f.ts': 'two' } }),
    ]
    expect(new Set(hashes).size).toBe(hashes.length)
    expect(hashAt({ kind: 'echo', value: config }, {}, {}, { files: { './g.ts': 'one' } })).toBe(hashes[0])
  })
})

describe('secrets in an input', () => {
  const sketch: StageSketch = {
    kind: 'echo',
    value: {
      with: { key: '${{ secrets.KEY }}', header: '${{ inputs.user }}: ${{ secrets.KEY }}', n: ['${{ inputs.n }}'] },
    },
    env: { KEY: '${{ secrets.KEY }}', N: '${{ inputs.n }}' },
  }
  const plan: PlanSketch = { inputs: { n: { schema: true, required: true }, user: { schema: true, required: true } } }
  const at = (secret: string, inputs: { n: number; user: string }) => hashAt(sketch, { KEY: secret }, inputs, plan)

  it('are named, so another value of theirs is the same input', () => {
    expect(at('one', { n: 1, user: 'a' })).toBe(at('two', { n: 1, user: 'a' }))
  })

  it('leave everything beside them in it', () => {
    const first = at('one', { n: 1, user: 'a' })
    expect(at('one', { n: 2, user: 'a' })).not.toBe(first)
    expect(at('one', { n: 1, user: 'b' })).not.toBe(first)
    const other = { ...sketch, env: { KEY: '${{ secrets.OTHER }}', N: '${{ inputs.n }}' } }
    expect(hashAt(other, { KEY: 'one', OTHER: 'one' }, { n: 1, user: 'a' }, plan)).not.toBe(first)
  })
})
