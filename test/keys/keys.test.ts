/**
 * Every key that the schema accepts has an effect. For each key a test shows it; then the key is deleted from the
 * pipeline, and that same test must fail. A key without a test fails the suite.
 */
import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { pipelineSchema } from '../../src/compiler/spec.ts'
import { builtinKinds } from '../../src/stages/index.ts'
import { bodyEffects } from './bodies.ts'
import { failureEffects } from './failures.ts'
import { kindEffects } from './kinds.ts'
import { type Effect, observe } from './observe.ts'
import { stageEffects } from './stage.ts'
import { topEffects } from './top.ts'
import { waitEffects } from './waits.ts'

const effects: readonly Effect[] = [
  ...topEffects,
  ...stageEffects,
  ...kindEffects,
  ...bodyEffects,
  ...waitEffects,
  ...failureEffects,
]

function without(yaml: string, path: readonly (string | number)[]): string {
  const document = parseDocument(yaml)
  expect(document.deleteIn(path), 'the key stands in the pipeline').toBe(true)
  return String(document)
}

async function check(effect: Effect): Promise<void> {
  effect.check(await observe(effect))
}

describe('every key', () => {
  it.each(effects)('$key has its effect', (effect) => check(effect))

  it.each(effects)('$key: without it the test of its effect fails', async (effect) => {
    await expect(check({ ...effect, yaml: without(effect.yaml, effect.path) })).rejects.toThrow()
  })

  it('that the schema accepts has a test here', () => {
    const tested = new Set(effects.map(({ key }) => key))
    expect([...acceptedKeys()].filter((key) => !tested.has(key))).toEqual([])
    expect([...tested].filter((key) => !acceptedKeys().has(key))).toEqual([])
  })
})

type JsonSchemaNode = { readonly [keyword: string]: unknown }

/** All keys of the language, from its schema: `limits.timeout`, `stages.retry.on`, `http.url`. */
function acceptedKeys(): Set<string> {
  const schema = z.toJSONSchema(pipelineSchema(builtinKinds), { unrepresentable: 'any', io: 'input' }) as JsonSchemaNode
  const keys = new Set<string>()
  const { stages: _, ...top } = schema.properties as Record<string, JsonSchemaNode>
  for (const [key, node] of Object.entries(top)) collect(key, node, keys)
  keys.add('stages')
  const { Stage, Rollback } = schema.$defs as Record<'Stage' | 'Rollback', { anyOf: JsonSchemaNode[] }>
  for (const alternative of Stage.anyOf) collectStage(alternative, keys)
  for (const alternative of Rollback.anyOf) collectRollback(alternative, keys)
  return keys
}

function collectStage(node: JsonSchemaNode, keys: Set<string>): void {
  const properties = node.properties as Record<string, JsonSchemaNode>
  const kind = [...builtinKinds.values()].find(({ name }) => name in properties)
  if (!kind) throw new Error('a stage without a kind')
  const own = new Set([kind.name, ...(kind.beside ?? [])])
  for (const [key, inner] of Object.entries(properties)) {
    if (key === kind.name) collect(key, inner, keys)
    else if (own.has(key)) collect(`${kind.name}.${key}`, inner, keys)
    else collect(`stages.${key}`, inner, keys)
  }
}

/** What a rollback has besides its kind, whose keys and those below `retry` mean there what they mean on every stage. */
function collectRollback({ properties }: JsonSchemaNode, keys: Set<string>): void {
  const kind = [...builtinKinds.values()].find(({ name }) => name in (properties as object))
  const own = new Set([kind?.name, ...(kind?.beside ?? [])])
  for (const key of Object.keys(properties as object)) if (!own.has(key)) keys.add(`stages.rollback.${key}`)
}

/** A key and what is fixed below it; schemas, maps with free keys and their values are not keys of the language. */
function collect(key: string, node: JsonSchemaNode, keys: Set<string>): void {
  keys.add(key)
  for (const inner of variants(node)) {
    for (const [name, below] of Object.entries((inner.properties as Record<string, JsonSchemaNode>) ?? {})) {
      collect(`${key}.${name}`, below, keys)
    }
  }
}

function variants(node: JsonSchemaNode): JsonSchemaNode[] {
  const inner = [node.anyOf, node.oneOf, node.allOf].flatMap((list) =>
    Array.isArray(list) ? (list as JsonSchemaNode[]) : [],
  )
  const items = typeof node.items === 'object' && node.items !== null ? [node.items as JsonSchemaNode] : []
  const values =
    typeof node.additionalProperties === 'object' && node.additionalProperties !== null
      ? [node.additionalProperties as JsonSchemaNode]
      : []
  return [node, ...[...inner, ...items, ...values].flatMap(variants)]
}
