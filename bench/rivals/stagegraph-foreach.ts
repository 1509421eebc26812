/** Our engine on a fan-out: a `foreach` over the items, each with its start and its end in the run's journal. */
import type { RunStore } from '../../src/index.ts'
import type { Job, Json, Lowering, Prepared } from '../harness/contract.ts'
import { loadOurs } from '../harness/ours.ts'

const { compile, createEngine, defineFunction } = await loadOurs()

/** As many as Mastra gets. */
const atOnce = 16

const pipelineText = ({ name }: Job): string => `
name: ${name}
inputs: { items: integer }
limits: { concurrency: ${atOnce} }
stages:
  - id: all
    foreach: \${{ range(inputs.items) }}
    concurrency: ${atOnce}
    stages: [{ id: one, uses: bench/item, with: { index: "\${{ item }}" } }]
outputs: { results: "\${{ stages.all.output }}" }
`

export async function prepareForeach(job: Job, store: RunStore, lowering: Lowering): Promise<Prepared> {
  const { steps } = job
  const item = defineFunction({ run: ({ index }: { readonly index: number }) => steps[index]?.work() ?? null })
  const functions = { 'bench/item': item }
  const pipeline = compile(pipelineText(job), { functions })
  const engine = createEngine({ store, functions, lowering })
  await engine.execute(compile('name: first\nstages: [{ id: only, transform: 1 }]\n')) // LangGraph is tested once
  return {
    async run() {
      const result = await engine.execute(pipeline, { items: steps.length })
      if (result.status !== 'succeeded') throw new Error(`${job.name}: ${result.status}: ${result.error?.message}`)
      return () => finalOf(job, store, result.threadId, (result.outputs?.results ?? []) as Json[])
    },
    async close() {
      await engine.close()
      await store.close()
    },
  }
}

/** Throws unless every item has its start and its end in the journal. */
async function finalOf({ slots, steps }: Job, store: RunStore, id: string, results: readonly Json[]) {
  const events = await store.readEvents(id, 0, 10 * steps.length + 100)
  for (const type of ['stage.started', 'stage.succeeded']) {
    const of = events.flatMap((event) => (event.type === type && 'stage' in event ? event.stage : []))
    const items = new Set(of.filter((path) => path.startsWith('all[')))
    if (items.size !== steps.length)
      throw new Error(`the journal has "${type}" of ${items.size} of ${steps.length} items`)
  }
  return Object.fromEntries(Object.keys(slots).map((slot) => [slot, results]))
}
