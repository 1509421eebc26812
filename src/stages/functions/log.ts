/** `core/log`: a line in the run's log. */
import { z } from 'zod'
import { defineFunction } from '../../foundation/stage-kind.ts'
import { jsonObject, textOf } from './values.ts'

const input = z.strictObject({
  message: z.unknown().describe('What to say: text as it is, other values as JSON.'),
  fields: jsonObject.optional().describe('Values to log with it.'),
})

export const log = defineFunction({
  input,
  output: z.null(),
  run({ message, fields }, context) {
    context.log(textOf(message), fields)
    return null
  },
})
