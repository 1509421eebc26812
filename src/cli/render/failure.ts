/** A failure in one line, as every renderer says it. */
import type { Failure } from '../../foundation/errors.ts'
import { isJsonObject } from '../../foundation/json.ts'
import { safeLine } from './text.ts'

/** `internal: no good (stages/boom.ts:3:9)`: the category, what happened, and where in the user's own file. */
export function failureWords({
  category,
  message,
  details,
}: Pick<Failure, 'category' | 'message' | 'details'>): string {
  const at = details !== undefined && isJsonObject(details) && typeof details.at === 'string' ? ` (${details.at})` : ''
  return `${category}: ${safeLine(message)}${safeLine(at)}`
}
