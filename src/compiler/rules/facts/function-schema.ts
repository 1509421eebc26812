/** What a registered function says of its input and output, as JSON Schema. */
import { z } from 'zod'
import type { JsonSchema } from '../../../foundation/plan.ts'

/** `true` where it says nothing, or what JSON Schema cannot say. */
export function functionSchema(schema: z.ZodType | undefined, side: 'input' | 'output'): JsonSchema {
  if (!schema) return true
  try {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: side, unrepresentable: 'any' })
    return JSON.parse(JSON.stringify(rest)) as JsonSchema
  } catch {
    return true // such as a type that holds itself in a way that has no name
  }
}
