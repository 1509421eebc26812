/** A scope for checks and evaluations in tests. */
import type { StageType, TypeScope } from '../../../src/foundation/expression/types.ts'
import type { JsonSchema } from '../../../src/foundation/plan.ts'

/** A closed object, as short-form schemas make it: fields are required unless their name ends in `?`. */
export function closed(fields: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const entries = Object.entries(fields).map(([name, schema]) => [name.replace(/\?$/, ''), schema] as const)
  return {
    type: 'object',
    properties: Object.fromEntries(entries),
    required: Object.keys(fields).filter((name) => !name.endsWith('?')),
    additionalProperties: false,
  }
}

export const text: JsonSchema = { type: 'string' }
export const number: JsonSchema = { type: 'number' }
export const integer: JsonSchema = { type: 'integer' }
export const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items })

const source = closed({ url: text, score: number, 'note?': text })

const stages: Readonly<Record<string, StageType | 'not_upstream'>> = {
  plan: { output: closed({ questions: listOf(text), level: integer, 'extra?': text }), maybeAbsent: false },
  stats: { output: closed({ rows: listOf(source) }), maybeAbsent: true },
  raw: { output: true, maybeAbsent: false },
  publish: 'not_upstream',
}

export const typeScope: TypeScope = {
  names: {
    inputs: closed({
      topic: text,
      depth: integer,
      publish: { type: 'boolean' },
      'note?': text,
      channel: { enum: ['blog', 'wiki'] },
    }),
    vars: closed({ sources: listOf(source), spend: number, any: true }),
    env: closed({ HOME: text }),
    run: closed({ id: text }),
  },
  elsewhere: {
    event: 'it exists only in match:',
    secrets: 'only where a secret may stand',
    'run.status': 'only in finally:',
  },
  stage: (id) => (Object.hasOwn(stages, id) ? stages[id] : undefined),
  stageNames: () => Object.keys(stages),
}
