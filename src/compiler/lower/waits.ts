/** Waits as the graph knows them: which are open, how LangGraph shows them, and which were ever asked on a thread. */
import type { RunnableConfig } from '@langchain/core/runnables'
import { GraphInterrupt, type Interrupt } from '@langchain/langgraph'
import type { BaseCheckpointSaver, CheckpointTuple } from '@langchain/langgraph-checkpoint'
import type { StageWait } from '../../foundation/answer.ts'
import type { RunEventBody } from '../../foundation/events.ts'
import { JournalError } from '../../foundation/journal.ts'
import type { Json } from '../../foundation/json.ts'
import type { Outcomes } from '../../foundation/outcome.ts'
import { openWaitsIn, type Past } from '../../foundation/past.ts'
import { topOf } from '../../foundation/paths.ts'
import type { Plan } from '../../foundation/plan.ts'
import { isOpen, type OpenWait } from '../../foundation/wait.ts'
import { foldWait, waitOf } from '../../foundation/wait-events.ts'
import type { OpenState } from './channels.ts'
import { eventsOf, tuplesOf } from './lineage.ts'
import type { Kept } from './saver-journal.ts'

/** The waits that are open, in plan order; those inside one stage in the order in which they were opened. */
export function openWaits({ stages }: Plan, past: Past, outcomes: Outcomes): readonly OpenWait[] {
  const open = openWaitsIn(past).filter(({ stage }) => !Object.hasOwn(outcomes, topOf(stage)))
  if (open.length < 2) return open
  const order = new Map(stages.map(({ id }, index) => [id, index]))
  const positionOf = ({ stage }: OpenWait): number => order.get(topOf(stage)) ?? order.size
  return open.sort((a, b) => positionOf(a) - positionOf(b))
}

/** What a node throws that can go on only when one of these is answered. */
export const interruptFor = (waits: readonly OpenWait[]): GraphInterrupt => new GraphInterrupt(waits.map(shown))

/** As LangGraph shows it. Its type of a schema is narrower than what it hands on. */
const shown = ({ id, value, response_schema }: OpenWait): Interrupt =>
  ({ id, value, ...(response_schema !== undefined && { response_schema }) }) as Interrupt

/** Every wait that a checkpoint of the thread knows; one that is decided anywhere is. */
export async function waitsOf(
  saver: BaseCheckpointSaver,
  config: RunnableConfig,
): Promise<ReadonlyMap<string, StageWait>> {
  const known = new Map<string, StageWait>()
  for (const wait of (await tuplesOf(saver, config)).flatMap(waitsAt)) {
    const before = known.get(wait.id)
    if (!before || isOpen(before)) known.set(wait.id, wait)
  }
  return known
}

function waitsAt(tuple: CheckpointTuple): StageWait[] {
  const { stages = {} } = (tuple.checkpoint.channel_values.open as OpenState | undefined) ?? {}
  const waits = new Map<string, StageWait>()
  for (const [stage, { waits: its = [] }] of Object.entries(stages)) {
    for (const wait of its) waits.set(wait.id, { ...wait, stage })
  }
  for (const event of eventsOf(tuple)) {
    if (!('wait' in event)) continue
    const { stage, wait: id } = event
    if (event.type === 'wait.started') waits.set(id, { ...waitOf(event), stage })
    else waits.set(id, { ...foldWait(waits.get(id) ?? { id, value: null }, event), stage })
  }
  return [...waits.values()]
}

/** The event that tells of an answer. */
export const fired = ({ id, stage }: OpenWait, given: Json): RunEventBody => ({
  type: 'wait.fired',
  stage,
  wait: id,
  answer: given,
})

/** Rejects with what broke the journal. */
export async function commit({ journal }: Kept): Promise<void> {
  try {
    await journal.commit()
  } catch (error) {
    throw error instanceof JournalError ? error.cause : error
  }
}
