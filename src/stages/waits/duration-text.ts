/** Durations in the configuration of kinds that wait: texts with a unit, which may be computed. */
import { z } from 'zod'
import { parseDuration } from '../../foundation/duration.ts'
import { StageError } from '../../foundation/errors.ts'

/** A template is a text, too, before it is evaluated. */
export const durationText = () =>
  z
    .string({ error: 'bad_duration' })
    .refine((text) => text.includes('${{') || parseDuration(text) !== undefined, { error: 'bad_duration' })

/** Milliseconds. Throws StageError for what an expression gave that is no duration. */
export function msOf(text: string, key: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  throw new StageError(`"${key}" is no duration such as 30s or 5m: ${JSON.stringify(text)}`, {
    category: 'validation',
    code: 'bad_duration',
    retryable: false,
  })
}

/** `timeout` and `remind` as a wait takes them. */
export const timesOf = ({ timeout, remind }: { timeout?: string | undefined; remind?: string | undefined }) => ({
  ...(timeout !== undefined && { timeoutMs: msOf(timeout, 'timeout') }),
  ...(remind !== undefined && { remindMs: msOf(remind, 'remind') }),
})
