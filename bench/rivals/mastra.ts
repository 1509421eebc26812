/** Mastra's workflows with no storage: `.then` for a chain, `.parallel` of nested workflows, `.foreach` for a fan-out. */
import { createStep, createWorkflow } from '@mastra/core/workflows'
import { z } from 'zod'
import type { Final, Job, Json, Prepared, Rival, Shape, Step } from '../harness/contract.ts'

export const mastra: Rival = { prepare: (job) => prepare(job) }

/** What is used of a workflow under construction, whose own types follow every step's. */
interface Builder {
  readonly id: string
  then(step: object): Builder
  parallel(steps: object[]): Builder
  foreach(step: object, options: { concurrency: number }): Builder
  commit(): Builder
  createRun(): Promise<{ start(options: Record<string, unknown>): Promise<Ended> }>
}

interface Ended {
  readonly status: string
  readonly result?: Json
  readonly state?: Record<string, Json>
  readonly steps: Readonly<Record<string, { readonly output?: Json }>>
}

const anything = z.any()

function prepare(job: Job): Prepared {
  const workflow = built(job)
  const lists = Object.keys(job.slots).filter((slot) => job.slots[slot] === 'append' && job.shape.is !== 'fan')
  return {
    async run() {
      const run = await workflow.createRun()
      const ended = await run.start({
        inputData: job.shape.is === 'fan' ? job.steps.map((_, index) => index) : { ...job.carried },
        ...(lists.length > 0 && {
          initialState: Object.fromEntries(lists.map((slot) => [slot, []])),
          outputOptions: { includeState: true },
        }),
      })
      if (ended.status !== 'success') throw new Error(`${job.name}: ${ended.status}`)
      return () => finalOf(job, ended)
    },
    close() {},
  }
}

function built(job: Job): Builder {
  const { shape, steps } = job
  if (shape.is === 'fan') return emptyWorkflow(job.name, job).foreach(itemStep(steps), { concurrency: 16 }).commit()
  if (shape.is === 'branches') return builtBranches(job, shape)
  return chain(emptyWorkflow(job.name, job), job, steps)
}

function builtBranches(job: Job, { start, branches, join }: Extract<Shape, { is: 'branches' }>): Builder {
  const nested = branches.map((steps, index) => chain(emptyWorkflow(`branch-${index}`, job), job, steps))
  return emptyWorkflow(job.name, job).then(stepOf(job, start)).parallel(nested).then(stepOf(job, join)).commit()
}

const chain = (workflow: Builder, job: Job, steps: readonly Step[]): Builder =>
  steps.reduce((built, step) => built.then(stepOf(job, step)), workflow).commit()

const emptyWorkflow = (id: string, job: Job): Builder =>
  createWorkflow({ id, inputSchema: anything, outputSchema: anything, stateSchema: stateOf(job) }) as unknown as Builder

/** Lists that grow are the workflow's state; everything else is handed from step to step. */
const stateOf = ({ slots }: Job) =>
  z.object(Object.fromEntries(Object.keys(slots).map((slot) => [slot, z.array(anything).optional()])))

function stepOf(job: Job, { id, slot, work }: Step) {
  const common = { id, inputSchema: anything, outputSchema: anything }
  if (job.slots[slot] !== 'append') {
    const carrying = Object.keys(job.carried).length > 0
    return createStep({
      ...common,
      execute: async ({ inputData }) => (carrying ? { ...inputData, [slot]: await work() } : await work()),
    })
  }
  return createStep({
    ...common,
    stateSchema: stateOf(job),
    execute: async ({ state, setState }) => {
      const value = await work()
      await setState({ ...state, [slot]: [...((state[slot] as Json[] | undefined) ?? []), value] })
      return null
    },
  })
}

const itemStep = (steps: readonly Step[]) =>
  createStep({
    id: 'item',
    inputSchema: anything,
    outputSchema: anything,
    execute: async ({ inputData }) => (steps[inputData as number] as Step).work(),
  })

function finalOf(job: Job, ended: Ended): Final {
  const { shape, slots, carried } = job
  if (shape.is === 'fan') return { [Object.keys(slots)[0] ?? '']: ended.result ?? null }
  if (Object.keys(carried).length > 0) return ended.result as Final
  return Object.fromEntries(Object.keys(slots).map((slot) => [slot, slotOf(job, ended, slot)]))
}

/** Steps of a nested workflow are listed as `branch-0.s1`, or only by the branch's own result. */
function slotOf({ slots, steps, shape }: Job, ended: Ended, slot: string): Json {
  if (slots[slot] === 'append') return ended.state?.[slot] ?? null
  const last = steps.findLast((step) => step.slot === slot)?.id ?? ''
  const branch = shape.is === 'branches' ? shape.branches.findIndex((each) => each.some(({ id }) => id === last)) : -1
  return ended.steps[branch < 0 ? last : `branch-${branch}`]?.output ?? null
}
