/** What a run waits for, and what to do about it. */
import { isJsonObject, type Json } from '../../foundation/json.ts'
import type { OpenWait } from '../../foundation/wait.ts'
import type { NextSteps } from '../next-steps.ts'
import { safeLine } from './text.ts'

/**
 *     ok waits: Pay 80 EUR?
 *       approve   stagegraph approve r_8f3 ok
 *       reject    stagegraph reject r_8f3 ok
 */
export function waitLines(wait: OpenWait, next: NextSteps): string[] {
  const { stage, kind, value, response_schema } = wait
  const takesAnyForm = kind === 'approve' || kind === 'wait'
  const form =
    response_schema === undefined || takesAnyForm
      ? []
      : [`  an answer is: ${safeLine(JSON.stringify(response_schema))}`]
  const steps = next.about(wait).map(([what, command]) => `  ${what}: ${command}`)
  return [`${stage} waits: ${safeLine(messageOf(value))}${toldSoFar(value)}`, ...form, ...steps]
}

/** What a person reads first. */
export const messageOf = (value: Json): string => {
  if (typeof value === 'string') return value
  return isJsonObject(value) && typeof value.message === 'string' ? value.message : JSON.stringify(value)
}

function toldSoFar(value: Json): string {
  const approvals = isJsonObject(value) ? value.approvals : undefined
  return isJsonObject(approvals ?? null)
    ? ` (${(approvals as { given: number; needed: number }).given} of ${(approvals as { needed: number }).needed} approvals)`
    : ''
}
