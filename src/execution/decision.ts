/** What a person says to a wait, and what a run is given of it. */
import type { StageWait } from '../foundation/answer.ts'
import { InputError, ThreadError } from '../foundation/errors.ts'
import type { RunEvent } from '../foundation/events.ts'
import { isJsonObject, type Json } from '../foundation/json.ts'
import { foldWait, waitOf } from '../foundation/wait-events.ts'
import type { WaitRecord } from './store.ts'

/** What a person says to an `approve` (`decision`), or to any other wait (`answer`). */
export interface Decision {
  readonly decision?: 'approved' | 'rejected'
  readonly answer?: Json
  /** Who says it. Whoever calls this has to be sure of that. */
  readonly by?: string
  readonly comment?: string
  readonly form?: Json
}

export const noCheck = { checkAnswer: () => undefined }

/** What the log tells of a wait. */
export async function loggedWait(events: AsyncIterable<RunEvent>, id: string): Promise<StageWait | undefined> {
  let found: StageWait | undefined
  for await (const event of events) {
    if (!('wait' in event) || event.wait !== id) continue
    if (event.type === 'wait.started') found = { ...waitOf(event), stage: event.stage }
    else if (found) found = { ...foldWait(found, event), stage: event.stage }
  }
  return found
}

/** What the run is given. */
export function answerOf({ kind, value }: Pick<WaitRecord, 'kind' | 'value'>, decision: Decision): Json {
  const { decision: word, answer, by, comment, form } = decision
  const person = { ...(by !== undefined && { by }), ...(comment !== undefined && { comment }) }
  if (kind === 'approve') {
    if (word === undefined) throw invalid('decision', 'Say "approved" or "rejected".')
    return { decision: word, ...person, ...(form !== undefined && { form }) }
  }
  if (word !== undefined) throw invalid('decision', 'This is no approval: give an answer.')
  const given = answer ?? form
  if (given === undefined) throw invalid('answer', 'Give an answer.')
  const isNamed = kind === 'ask' && isJsonObject(value) && value.assignees !== undefined
  return isNamed ? { ...(by !== undefined && { by }), form: given } : given
}

export const invalid = (name: string, message: string): InputError => new InputError(message, [{ name, message }])

export const byOf = (answer: Json | undefined): Json | undefined =>
  isJsonObject(answer ?? null) ? (answer as { by?: Json }).by : undefined

/** It takes several people, and somebody else was first. */
export const isByAnother = (wait: WaitRecord, { by }: Decision): boolean =>
  takesSeveral(wait) && wait.answered !== undefined && byOf(wait.answered.answer) !== by

export const takesSeveral = ({ value }: WaitRecord): boolean => isJsonObject(value) && value.approvals !== undefined

/** Who answered, where the answer itself does not say so. */
export const byOfPerson = ({ kind }: WaitRecord, { by }: Decision): { readonly by?: string } =>
  kind === 'approve' || by === undefined ? {} : { by }

export const decidedAlready = ({ id, stage }: WaitRecord): ThreadError =>
  new ThreadError('wait_decided', `The wait ${id} of stage "${stage}" has another answer already.`, {
    hint: 'The first answer stands.',
  })

export function noWait(thread: string, waitOrStage: string, open: readonly WaitRecord[]): ThreadError {
  const hint = open.length === 0 ? undefined : `Open: ${open.map(({ id, stage }) => `${id} (${stage})`).join(', ')}.`
  const message = `Thread "${thread}" has no open wait ${waitOrStage === '' ? '' : `"${waitOrStage}"`}.`
  return new ThreadError('no_open_wait', message, hint === undefined ? {} : { hint })
}
