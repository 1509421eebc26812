/** The limit: the same functions awaited by hand, with nothing recorded. */
import type { Final, Job, Json, Rival, Step } from '../harness/contract.ts'

export const plainFunction: Rival = {
  prepare: (job) => ({
    async run() {
      const values = await (job.shape.is === 'chain' ? inOrder(job) : byNeeds(job))
      return () => finalOf(job, values)
    },
    close() {},
  }),
}

async function inOrder({ steps }: Job): Promise<Map<string, Json>> {
  const values = new Map<string, Json>()
  for (const step of steps) values.set(step.id, await step.work())
  return values
}

async function byNeeds({ steps }: Job): Promise<Map<string, Json>> {
  const running = new Map<string, Promise<Json>>()
  const start = async (step: Step): Promise<Json> => {
    await Promise.all(step.needs.map((need) => running.get(need)))
    return step.work()
  }
  for (const step of steps) running.set(step.id, start(step))
  await Promise.all(running.values())
  const values = new Map<string, Json>()
  for (const { id } of steps) values.set(id, (await running.get(id)) ?? null)
  return values
}

/** The final state from what each step returned. */
export function finalOf({ steps, slots, carried }: Job, values: ReadonlyMap<string, Json>): Final {
  const final: Record<string, Json> = { ...carried }
  for (const [slot, merge] of Object.entries(slots)) {
    const kept = steps.filter((step) => step.slot === slot).map(({ id }) => values.get(id) ?? null)
    final[slot] = merge === 'append' ? kept : (kept.at(-1) ?? null)
  }
  return final
}
