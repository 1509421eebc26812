/** Why somebody may not answer a wait, in words for people. The wait's schema says the same to programs. */
import { isJsonObject, type Json } from './json.ts'
import type { Wait } from './wait.ts'

/** Undefined when the person is not the reason; then the schema decides. */
export function whyNotBy({ kind, value }: Pick<Wait, 'kind' | 'value'>, given: Json): string | undefined {
  if ((kind !== 'approve' && kind !== 'ask') || !isJsonObject(value) || !isJsonObject(given)) return undefined
  const { assignees, approvals, not } = value
  const asked = isJsonObject(approvals) ? approvals.by : undefined
  const { by } = given
  if (by === undefined || by === '') {
    if ((assignees ?? approvals ?? not) === undefined) return undefined
    return 'This decision needs an authenticated "by": it matters who takes it.'
  }
  if (typeof by !== 'string') return undefined
  if (includes(not, by)) return `${by} may not decide: whoever started the run may not (not: [initiator]).`
  if (includes(asked, by)) return `${by} has already decided.`
  if (assignees !== undefined && !includes(assignees, by)) return `${by} is not among the assignees.`
  return undefined
}

const includes = (list: Json | undefined, name: string): boolean => Array.isArray(list) && list.includes(name)
