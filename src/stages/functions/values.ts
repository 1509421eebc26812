/** Shapes that several built-in functions share. */
import { z } from 'zod'
import type { Json, JsonObject } from '../../foundation/json.ts'

export const json: z.ZodType<Json> = z.unknown() as z.ZodType<Json>
export const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>

/** Text as it is, other values as JSON. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
