/**
 * A StateGraph as one writes it by hand: a channel for each slot, a node for each step, edges as LangGraph documents
 * them, `Send` for a fan-out. Durability is `sync`: it is what makes a recorded step survive, and costs less than `async`.
 */
import { Annotation, END, Send, START, StateGraph } from '@langchain/langgraph'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { Final, Job, Json, Prepared, Step } from '../harness/contract.ts'

export interface Compiled {
  invoke(input: Record<string, Json> | null, config: Record<string, unknown>): Promise<Record<string, Json>>
}

/** What is used of StateGraph, whose own types want every name at compile time. */
interface Builder {
  addNode(name: string, node: (state: Record<string, Json>) => unknown): unknown
  addEdge(from: string | readonly string[], to: string): unknown
  addConditionalEdges(from: string, route: () => Send[], to: readonly string[]): unknown
  compile(options: { checkpointer?: BaseCheckpointSaver }): Compiled
}

export function prepareGraph(
  job: Job,
  checkpointer?: BaseCheckpointSaver,
  close: () => void | Promise<void> = () => {},
): Prepared {
  const graph = compileGraph(job, checkpointer)
  let thread = 0
  return {
    async run() {
      const state = await graph.invoke({ ...job.carried }, runConfig(job, `t${thread++}`))
      return () => finalOf(job, state)
    },
    close,
  }
}

export const runConfig = ({ steps }: Job, thread: string): Record<string, unknown> => ({
  configurable: { thread_id: thread },
  recursionLimit: steps.length + 10,
  durability: 'sync',
})

export function compileGraph(job: Job, checkpointer?: BaseCheckpointSaver): Compiled {
  const builder = new StateGraph(channelsOf(job)) as unknown as Builder
  if (job.shape.is === 'fan') addFan(builder, job.steps)
  else addSteps(builder, job)
  return builder.compile(checkpointer ? { checkpointer } : {})
}

function channelsOf({ slots, carried }: Job) {
  const list = () => Annotation<Json[]>({ reducer: (before, more) => [...before, ...more], default: () => [] })
  const fields = Object.entries(slots).map(([name, merge]) => [name, merge === 'append' ? list() : Annotation<Json>()])
  return Annotation.Root(
    Object.fromEntries([...fields, ...Object.keys(carried).map((name) => [name, Annotation<Json>()])]),
  )
}

function addSteps(builder: Builder, { steps, slots }: Job): void {
  const needed = new Set(steps.flatMap(({ needs }) => needs))
  for (const { id, slot, work } of steps) {
    builder.addNode(
      id,
      slots[slot] === 'append' ? async () => ({ [slot]: [await work()] }) : async () => ({ [slot]: await work() }),
    )
  }
  for (const { id, needs } of steps) {
    builder.addEdge(needs.length > 1 ? needs : (needs[0] ?? START), id)
    if (!needed.has(id)) builder.addEdge(id, END)
  }
}

function addFan(builder: Builder, steps: readonly Step[]): void {
  builder.addNode('item', async ({ index }) => {
    const step = steps[Number(index)] as Step
    return { [step.slot]: [await step.work()] }
  })
  builder.addConditionalEdges(START, () => steps.map((_, index) => new Send('item', { index })), ['item'])
  builder.addEdge('item', END)
}

const finalOf = ({ slots, carried }: Job, state: Record<string, Json>): Final =>
  Object.fromEntries([...Object.keys(slots), ...Object.keys(carried)].map((name) => [name, state[name] ?? null]))
