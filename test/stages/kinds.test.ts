import { expect, test } from 'vitest'
import { z } from 'zod'
import { builtinKinds } from '../../src/stages/index.ts'

const kinds = [...builtinKinds.values()]

/** Every property in a JSON Schema, with its path. */
function* propertiesOf(schema: unknown, path: readonly string[] = []): Generator<[string, { description?: string }]> {
  if (typeof schema !== 'object' || schema === null) return
  const { properties, ...rest } = schema as { properties?: Record<string, object> }
  for (const [name, property] of Object.entries(properties ?? {})) {
    yield [[...path, name].join('.'), property]
    yield* propertiesOf(property, [...path, name])
  }
  for (const inner of Object.values(rest).flat()) yield* propertiesOf(inner, path)
}

const describedProperties = (schema: z.ZodType) => [...propertiesOf(z.toJSONSchema(schema, { io: 'input' }))]

test('these kinds come with Stagegraph, under their own names', () => {
  expect([...builtinKinds.keys()]).toEqual([
    ...['transform', 'assert', 'run', 'http', 'uses', 'llm', 'approve', 'ask', 'wait', 'emit'],
    ...['foreach', 'loop', 'switch', 'parallel', 'pipeline'],
  ])
  expect(kinds.map(({ name }) => name)).toEqual([...builtinKinds.keys()])
})

test.each(kinds.map((kind) => [kind.name, kind] as const))('%s says what it does and shows it', (name, { docs }) => {
  expect(docs.summary).toMatch(/^[A-Z].*\.$/)
  expect(docs.output).toMatch(/\.$/)
  expect(docs.example).toMatch(/^name: [a-z_]+\n/)
  expect(docs.example).toContain(`\n    ${name}:`)
  expect(docs.example).toContain('\noutputs:')
})

test.each(kinds.map((kind) => [kind.name, kind] as const))('every key of %s is described', (_name, { schema }) => {
  const bare = describedProperties(schema).filter(([, { description }]) => !description?.endsWith('.'))
  expect(bare.map(([path]) => path)).toEqual([])
})

test('kinds with keys beside them name exactly those in their schema', () => {
  for (const { name, beside, schema } of kinds) {
    if (!beside) continue
    expect(schema).toBeInstanceOf(z.ZodObject)
    expect(Object.keys((schema as z.ZodObject).shape)).toEqual([name, ...beside])
  }
})

test('slots name keys that there are', () => {
  for (const { slots = {}, schema } of kinds) {
    const known = new Set(describedProperties(schema).flatMap(([path]) => path.split('.')))
    for (const path of Object.keys(slots)) {
      for (const key of path.split('.')) expect(key === '*' || known.has(key)).toBe(true)
    }
  }
})

test('only what computes or waits is pure, and no command, function or unknown effect inherits a retry', () => {
  const pure = kinds.filter((kind) => kind.pure)
  expect(pure.filter(({ waits }) => !waits).map(({ name }) => name)).toEqual(['transform', 'assert'])
  expect(pure.filter(({ waits }) => waits).map(({ name }) => name)).toEqual(['approve', 'ask', 'wait'])
  expect(['run', 'uses'].map((name) => builtinKinds.get(name)?.inheritsRetry)).toEqual([false, false])
  expect(kinds.filter(({ env }) => env).map(({ name }) => name)).toEqual(['run'])
})
