/**
 * Our engine on the job: a pipeline of `uses` stages, each naming a function of its own as the hand-written graphs do.
 *
 * The lowering is chosen here and nowhere else.
 */
import type { EngineOptions, PipelineEngine, RunStore } from '../../src/index.ts'
import type { Final, Job, Json, Lowering, Place, Prepared, Step } from '../harness/contract.ts'
import { loadOurs } from '../harness/ours.ts'

const { compile, createEngine, defineFunction } = await loadOurs()

const thread = 'stopped'

const firstPipeline = 'name: first\nstages: [{ id: only, transform: 1 }]\n'

export async function prepareStagegraph(job: Job, store: RunStore, lowering: Lowering): Promise<Prepared> {
  const functions = functionsOf(job)
  const pipeline = compile(pipelineText(job), { functions })
  const engine = createEngine({ store, functions, ...chosen(lowering) })
  await engine.execute(compile(firstPipeline)) // an engine tests LangGraph before its first run
  return {
    async run() {
      const result = await engine.execute(pipeline, { ...job.carried })
      if (result.status !== 'succeeded') throw new Error(`${job.name}: ${result.status}: ${result.error?.message}`)
      return () => finalOf(job, engine, result.threadId, (result.outputs ?? {}) as Final)
    },
    async close() {
      await engine.close()
      await store.close()
    },
  }
}

export async function stopStagegraphAfter(
  job: Job,
  store: RunStore,
  { lowering }: Place,
  count: number,
): Promise<void> {
  const functions = functionsOf(job)
  const engine = createEngine({ store, functions, ...chosen(lowering) })
  const until = job.steps[count - 1]?.id ?? ''
  const run = await engine.start(compile(pipelineText(job), { functions }), {}, { threadId: thread, until })
  const { status } = await run.result
  if (status !== 'paused') throw new Error(`${job.name}: ${status} instead of paused`)
  await engine.close()
  await store.close()
}

export async function resumeStagegraph(job: Job, store: RunStore, { lowering }: Place): Promise<void> {
  const engine = createEngine({ store, functions: functionsOf(job), ...chosen(lowering) })
  await (await engine.resume(thread)).result
}

const chosen = (lowering: Lowering): Pick<EngineOptions, 'lowering'> => ({ lowering })

const functionsOf = ({ steps }: Job) =>
  Object.fromEntries(steps.map(({ id, work }) => [`bench/${id}`, defineFunction({ run: () => work() })]))

/** The job in YAML. A chain needs no `needs`, as one would write it. */
export function pipelineText(job: Job): string {
  const lines = [`name: ${job.name}`]
  for (const name of Object.keys(job.carried)) lines.push('inputs:', `  ${name}: string`)
  const lists = Object.keys(job.slots).filter((slot) => job.slots[slot] === 'append')
  for (const name of lists) lines.push('vars:', `  ${name}: { type: array, merge: append, default: [] }`)
  lines.push('stages:', ...job.steps.flatMap((step) => stageLines(job, step)))
  const outputs = [...job.exposed.map((slot) => outputLine(job, slot)), ...Object.keys(job.carried).map(carriedLine)]
  if (outputs.length > 0) lines.push('outputs:', ...outputs)
  return `${lines.join('\n')}\n`
}

function stageLines({ shape, slots }: Job, { id, needs, slot }: Step): string[] {
  const lines = [`  - id: ${id}`, `    uses: bench/${id}`]
  if (shape.is !== 'chain') lines.push(`    needs: [${needs.join(', ')}]`)
  if (slots[slot] === 'append') lines.push(`    set: { ${slot}: ["\${{ output }}"] }`)
  return lines
}

function outputLine({ slots, steps }: Job, slot: string): string {
  if (slots[slot] === 'append') return `  ${slot}: \${{ vars.${slot} }}`
  return `  ${slot}: \${{ stages.${steps.findLast((step) => step.slot === slot)?.id}.output }}`
}

const carriedLine = (name: string): string => `  ${name}: \${{ inputs.${name} }}`

async function finalOf(job: Job, engine: PipelineEngine, threadId: string, outputs: Final): Promise<Final> {
  const hidden = Object.keys(job.slots).filter((slot) => !job.exposed.includes(slot))
  if (hidden.length === 0) return outputs
  const state = await engine.get(threadId)
  const found = new Map(state?.stages.map(({ id, output }) => [id, output as Json]))
  const read = (slot: string): Json => found.get(job.steps.findLast((step) => step.slot === slot)?.id ?? '') ?? null
  return { ...outputs, ...Object.fromEntries(hidden.map((slot) => [slot, read(slot)])) }
}
