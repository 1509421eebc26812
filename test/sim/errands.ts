/** What whoever looks after a run does with it besides resuming it. */
import { isJsonObject } from '../../src/foundation/json.ts'
import type { OpenWait } from '../../src/foundation/wait.ts'
import { pick, type Random } from '../fuzz/random.ts'
import type { Errand } from './attempts.ts'
import type { Simulation } from './simulation.ts'
import { awaitedEvent, isOfKind, told } from './waits.ts'

/** Undefined: none of it makes sense now. */
export function someErrand({ ledger }: Simulation, random: Random): Errand | undefined {
  const wait = pick(random, ledger.waits().filter(isOfKind))
  if (random() < 0.15) return { is: 'recover' }
  if (!wait || random() < 0.2) return { is: 'tick' }
  return awaitedEvent(wait) === undefined ? decisionOn(wait) : signalFor(wait)
}

/** Once for this wait, however often it is told. */
function signalFor(wait: OpenWait): Errand {
  const event = awaitedEvent(wait) ?? ''
  return { is: 'signal', signal: { event, data: { to: wait.stage }, id: `${event}/${wait.id}` } }
}

function decisionOn(wait: OpenWait): Errand | undefined {
  const answer = told(wait)
  if (answer === undefined) return undefined
  return {
    is: 'decide',
    wait: wait.id,
    decision: isJsonObject(answer) && wait.kind === 'approve' ? answer : { answer },
  }
}
