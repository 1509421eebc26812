/** What whoever looks after a run answers to its questions. */
import type { Json } from '../../src/foundation/json.ts'
import type { OpenWait } from '../../src/foundation/wait.ts'
import { type Random, upTo } from '../fuzz/random.ts'
import type { Simulation } from './simulation.ts'

/** Answers to some of the questions, or to all. */
export function someAnswers(simulation: Simulation, random: Random, all: boolean): Record<string, Json> {
  const open = [...simulation.ledger.waits()]
  const chosen = all ? open : open.filter(() => random() < 0.6)
  return Object.fromEntries(chosen.map((wait) => [wait.id, answerTo(simulation, random, wait)]))
}

/** The same to the same question, whenever it is asked; and of an attempt that nobody knows the end of, the truth. */
export function answerTo({ world }: Simulation, random: Random, { stage, value, ambiguous }: OpenWait): Json {
  if (!ambiguous) return { to: value }
  const key = world.executions.find((each) => each.stage === stage)?.key
  const output = key === undefined ? undefined : world.outputs.get(key)
  return output === undefined || random() < 0.3 ? { decision: 'retry' } : { decision: 'done', output }
}

/** Another answer than the one that stands. Undefined: none stands. */
export function contradiction({ ledger }: Simulation, random: Random): Record<string, Json> | undefined {
  const ids = [...ledger.answers.keys()]
  const id = ids[upTo(random, ids.length)]
  return id === undefined ? undefined : { [id]: { to: 'something else' } }
}
