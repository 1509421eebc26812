/** Reads one random schema and validates values against it. */
import { assertJson, isJsonObject, type Json } from '../../src/foundation/json.ts'
import { createAjvCompiler } from '../../src/foundation/schema/ajv.ts'
import { createSchemaReader } from '../../src/foundation/schema/normalize.ts'
import { isWalkable } from '../../src/foundation/schema/walk.ts'
import { createValidators } from '../../src/foundation/schema.ts'
import { type Random, times } from './random.ts'
import { fittingValue, randomSchema, randomTypes, randomValue } from './schemas.ts'

/** Throws, with the schema, when reading or validating does, or when the two validators disagree. */
export function trySchema(random: Random): void {
  const types = randomTypes(random)
  const written = randomSchema(random, 4)
  try {
    const reader = createSchemaReader(types)
    const { schema, faults } =
      isJsonObject(written) && random() < 0.3 ? reader.readKeywords(written) : reader.read(written)
    assertJson(schema)
    for (const name of Object.keys(types)) assertJson(reader.readType(name).schema)
    for (const { message } of faults) {
      if (/undefined|\[object /.test(message)) throw new Error(`a bad message: ${message}`)
    }
    if (faults.length > 0) return
    const { validate } = createValidators()
    const withAjv = schema !== true && isWalkable(schema) && random() < 0.1 ? createAjvCompiler()(schema) : undefined
    const values = [...times(3, () => fittingValue(random, schema as Json)), randomValue(random)]
    for (const value of values) {
      const problems = validate(schema, value)
      if (problems.some(({ message }) => /undefined|\[object /.test(message))) throw new Error('a bad message')
      if (withAjv && withAjv(value).length > 0 !== problems.length > 0) {
        throw new Error(
          `the validators disagree on ${JSON.stringify(value)}: ${JSON.stringify([withAjv(value), problems])}`,
        )
      }
    }
  } catch (cause) {
    throw new Error(`this schema broke something: ${JSON.stringify(written)} with ${JSON.stringify(types)}`, { cause })
  }
}
