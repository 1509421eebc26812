/** What whoever looks after a run answers to its questions. */
import { isFailurePause } from '../../src/execution/waits.ts'
import type { Json } from '../../src/foundation/json.ts'
import type { OpenWait } from '../../src/foundation/wait.ts'
import { type Random, upTo } from '../fuzz/random.ts'
import type { Simulation } from './simulation.ts'
import { isOfKind, told } from './waits.ts'

/** Answers to some of the questions, or to all. */
export function someAnswers(simulation: Simulation, random: Random, all: boolean): Record<string, Json> {
  const open = [...simulation.ledger.waits()]
  const chosen = all ? open : open.filter(() => random() < 0.6)
  const answers = chosen.map((wait) => [wait.id, answerTo(simulation, random, wait)] as const)
  return Object.fromEntries(answers.flatMap(([id, answer]) => (answer === undefined ? [] : [[id, answer]])))
}

/**
 * The same to the same question, whenever it is asked; and of an attempt that nobody knows the end of, the truth.
 * Undefined: nobody answers this.
 */
export function answerTo({ world }: Simulation, random: Random, wait: OpenWait): Json | undefined {
  const { stage, value, ambiguous } = wait
  if (isOfKind(wait)) return told(wait)
  if (!ambiguous) return { to: value }
  if (isFailurePause(wait)) return { decision: isPassing(value) && !world.fails(stage) ? 'retry' : 'fail' }
  const key = world.executions.find((each) => each.stage === stage)?.key
  const output = key === undefined ? undefined : world.outputs.get(key)
  return output === undefined || random() < 0.3 ? { decision: 'retry' } : { decision: 'done', output }
}

/** It failed by what the simulation made of it, and not for good. */
const isPassing = (value: Json): boolean => /"code":"sim_/.test(JSON.stringify(value))

/** Another answer than the one that stands. Undefined: none stands. */
export function contradiction({ ledger }: Simulation, random: Random): Record<string, Json> | undefined {
  const ids = [...ledger.answers.keys()]
  const id = ids[upTo(random, ids.length)]
  return id === undefined ? undefined : { [id]: { to: 'something else' } }
}
