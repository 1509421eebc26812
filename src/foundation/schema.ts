/**
 * Validating values against JSON Schemas.
 *
 *   const validators = createValidators()
 *   validators.validate({ type: 'integer', minimum: 1 }, 0)     // [{ path: '$', message: 'must be at least 1' }]
 *
 * How schemas are written in pipelines, and how they become JSON Schema, is `schema/normalize.ts`.
 */
import { digest, formatPath, type Json } from './json.ts'
import type { JsonSchema } from './plan.ts'
import { type Check, createAjvCompiler } from './schema/ajv.ts'
import type { Problem } from './schema/problem.ts'
import { createPatterns, isWalkable, walkSchema } from './schema/walk.ts'

/** What is wrong with a value, at `path` inside it (`$.items[3].name`). */
export interface SchemaProblem {
  readonly path: string
  readonly message: string
}

export interface Validators {
  /** Nothing when the value fits. Never throws for a schema that `createSchemaReader` made without faults. */
  validate(schema: JsonSchema, value: Json): readonly SchemaProblem[]
}

/** Keeps what it compiles: one per engine or compile. */
export function createValidators(): Validators {
  const patterns = createPatterns()
  const bySchema = new WeakMap<object, Check>()
  const byDigest = new Map<string, Check>()
  let compileWithAjv: ((schema: JsonSchema) => Check) | undefined

  function checkFor(schema: Exclude<JsonSchema, true>): Check {
    const known = bySchema.get(schema)
    if (known) return known
    const made = isWalkable(schema) ? (value: Json) => walkSchema(schema, value, patterns) : ajvCheck(schema)
    bySchema.set(schema, made)
    return made
  }

  function ajvCheck(schema: Exclude<JsonSchema, true>): Check {
    const key = digest(schema)
    const known = byDigest.get(key)
    if (known) return known
    compileWithAjv ??= createAjvCompiler()
    const made = compileWithAjv(schema)
    byDigest.set(key, made)
    return made
  }

  return {
    validate: (schema, value) => (schema === true ? [] : checkFor(schema)(value).map(toProblem)),
  }
}

const toProblem = ({ path, message }: Problem): SchemaProblem => ({ path: formatPath(path), message })
