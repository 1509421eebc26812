/** `core/fail`: fails on purpose, in words of the author's. */
import { z } from 'zod'
import { failureCategories, StageError } from '../../foundation/errors.ts'
import { defineFunction } from '../../foundation/stage-kind.ts'
import { json } from './values.ts'

const input = z.strictObject({
  message: z.string().min(1).describe('What went wrong.'),
  category: z.enum(failureCategories).default('internal').describe('What `retry.on` sees. Default: `internal`.'),
  code: z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/, 'must be a snake_case word')
    .default('failed')
    .describe('A word for `error.code`. Default: `failed`.'),
  details: json.optional().describe('Anything else; becomes `error.details`.'),
})

export const fail = defineFunction({
  input,
  output: z.null(),
  run({ message, category, code, details }): null {
    throw new StageError(message, { category, code, ...(details !== undefined && { details }) })
  },
})
