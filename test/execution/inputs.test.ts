import { describe, expect, it } from 'vitest'
import { prepareInputs } from '../../src/execution/inputs.ts'
import { InputError } from '../../src/foundation/errors.ts'
import type { JsonObject } from '../../src/foundation/json.ts'
import { createValidators } from '../../src/foundation/schema.ts'
import { planOf } from '../support-stages.ts'

const plan = planOf([], {
  name: 'report',
  inputs: {
    topic: { schema: { type: 'string', minLength: 3 }, required: true },
    depth: { schema: { type: 'integer', minimum: 1 }, required: false, default: 3 },
    note: { schema: { type: 'string' }, required: false },
  },
  env: [{ name: 'REPORT_DIR' }, { name: 'LOCALE', default: 'en' }],
  secrets: ['TOKEN'],
})
const env = { REPORT_DIR: '/tmp', TOKEN: 't', OTHER: 'x' }

const prepare = (inputs: unknown, variables: Record<string, string | undefined> = env) =>
  prepareInputs(plan, inputs as JsonObject, {
    validators: createValidators(),
    env: variables,
    secret: (name) => variables[name],
  })

function problemsOf(inputs: unknown, variables?: Record<string, string | undefined>) {
  try {
    prepare(inputs, variables)
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ name, message }) => `${name}: ${message}`)
    throw error
  }
  return []
}

describe('inputs', () => {
  it('are completed with defaults; optional ones stay absent', () => {
    expect(prepare({ topic: 'tea' }).inputs).toEqual({ topic: 'tea', depth: 3 })
    expect(prepare({ topic: 'tea', depth: 1, note: 'n' }).inputs).toEqual({ topic: 'tea', depth: 1, note: 'n' })
  })

  it('that are null count as absent where null does not fit', () => {
    expect(prepare({ topic: 'tea', depth: null, note: null }).inputs).toEqual({ topic: 'tea', depth: 3 })
    expect(problemsOf({ topic: null })).toHaveLength(1)
  })

  it('are copied and frozen', () => {
    const given = { topic: 'tea' }
    const { inputs } = prepare(given)
    expect(Object.isFrozen(inputs)).toBe(true)
    expect(Object.isFrozen(given)).toBe(false)
  })

  it('are refused with every problem at once, the nearest name included', () => {
    expect(problemsOf({ tpic: 'tea', depth: 0, note: 1n }, { TOKEN: '' })).toEqual([
      'tpic: is not an input of this pipeline. Did you mean "topic"?',
      'topic: is required',
      expect.stringMatching(/^depth: must be/),
      'note: is not JSON at $: a BigInt',
      'REPORT_DIR: is not set in the environment',
      'TOKEN: is a secret that is not set in the environment',
    ])
    expect(() => prepare({})).toThrow('Pipeline "report" cannot start:\n  topic: is required')
  })

  it('cannot smuggle in a prototype', () => {
    expect(problemsOf(JSON.parse('{"topic":"tea","__proto__":{"x":1}}'))).toHaveLength(1)
    expect(problemsOf({ topic: 'tea', constructor: 1 })).toHaveLength(1)
  })
})

describe('the environment', () => {
  it('is what the pipeline declares, with its defaults, and no more', () => {
    expect(prepare({ topic: 'tea' }).env).toEqual({ REPORT_DIR: '/tmp', LOCALE: 'en' })
    expect(prepare({ topic: 'tea' }, { ...env, LOCALE: 'de' }).env).toEqual({ REPORT_DIR: '/tmp', LOCALE: 'de' })
  })
})
