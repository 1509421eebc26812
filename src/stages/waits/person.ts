/** What `approve` and `ask` have in common: whom they ask, what, and until when. */
import { z } from 'zod'
import { durationText } from './duration-text.ts'

export const personKeys = {
  message: z.string().min(1).describe('What is asked.'),
  show: z.unknown().optional().describe('What whoever answers is shown: any value.'),
  form: z
    .unknown()
    .optional()
    .describe('A schema in any form that `output:` takes: what is filled in. Defaults stand for what is left out.'),
  assignees: z.array(z.string().min(1)).min(1).optional().describe('Who may answer; anybody by default.'),
  timeout: durationText().optional().describe('How long is waited for an answer.'),
  remind: durationText().optional().describe('How often whoever has to answer is reminded.'),
}

/** Every text of one of these, or any text. */
export const oneOf = (people: readonly string[] | undefined) =>
  people ? { type: 'string', enum: [...people] } : { type: 'string', minLength: 1 }
