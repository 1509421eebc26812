/** Stages that wait, in a graph that LangGraph runs by itself, with its own saver. */
import { Command, type Interrupt, MemorySaver } from '@langchain/langgraph'
import { describe, expect, it } from 'vitest'
import { compile } from '../../src/index.ts'

const approval = (options = '') =>
  compile(`
name: expense
stages:
  - id: ok
    approve: { message: Pay?, ${options} }
  - { id: pay, transform: "\${{ stages.ok.output }}" }
outputs: { decision: "\${{ stages.pay.output }}" }
`)

interface State {
  readonly __interrupt__?: readonly (Interrupt & { readonly response_schema?: unknown })[]
  readonly outputs?: Readonly<Record<string, unknown>>
  readonly run?: { readonly status?: string; readonly error?: { readonly category: string } | null }
}

describe.each(['flow', 'stages'] as const)('by the lowering %s', (lowering) => {
  function begin(pipeline: ReturnType<typeof compile>) {
    const config = { configurable: { thread_id: 't' } }
    const graph = pipeline.graph({ checkpointer: new MemorySaver(), lowering, on_failure: 'return' })
    const invoke = async (input: unknown): Promise<State> => (await graph.invoke(input as never, config)) as never
    const resume = (id: string | undefined, answer: unknown) =>
      invoke(new Command({ resume: { [String(id)]: answer } }))
    return { invoke, resume, start: () => invoke({ inputs: {} }) }
  }

  it('a command answers an approval', async () => {
    const { start, resume } = begin(approval())
    const [wait] = (await start()).__interrupt__ ?? []
    expect(wait).toMatchObject({ value: { message: 'Pay?' }, response_schema: { oneOf: expect.any(Array) } })
    await expect(resume(wait?.id, { decision: 'perhaps' })).rejects.toMatchObject({ code: 'invalid_inputs' })
    const { outputs } = await resume(wait?.id, { decision: 'approved', comment: 'fine' })
    expect(outputs?.decision).toMatchObject({ decision: 'approved', decisions: [{ by: null, comment: 'fine' }] })
  })

  it('one after the other answers, where it takes two', async () => {
    const { start, resume } = begin(approval('approvals: 2, form: { n: integer }'))
    const [first] = (await start()).__interrupt__ ?? []
    await expect(resume(first?.id, { decision: 'approved', form: { n: 1 } })).rejects.toThrow(/by/)
    const ann = { decision: 'approved', by: 'ann', form: { n: 1 } }
    const [second] = (await resume(first?.id, ann)).__interrupt__ ?? []
    expect(second?.id).not.toBe(first?.id)
    await expect(resume(second?.id, ann)).rejects.toMatchObject({ code: 'invalid_inputs' })
    const { outputs } = await resume(second?.id, { ...ann, by: 'bob' })
    expect(outputs?.decision).toMatchObject({ decisions: [{ by: 'ann' }, { by: 'bob' }], form: { n: 1 } })
  })

  it('a rejection keeps the gate shut', async () => {
    const { start, resume } = begin(approval())
    const [wait] = (await start()).__interrupt__ ?? []
    const { run, outputs } = await resume(wait?.id, { decision: 'rejected' })
    expect(run).toMatchObject({ status: 'failed', error: { category: 'rejected' } })
    expect(outputs).toBeNull()
  })

  it('time passes for whoever comes by again', async () => {
    const { start, invoke } = begin(
      compile(`
name: p
stages:
  - { id: w, wait: { for: 100ms } }
outputs: { fired: "\${{ stages.w.output.fired }}" }
`),
    )
    expect((await start()).__interrupt__).toHaveLength(1)
    await new Promise((resolve) => setTimeout(resolve, 120))
    expect((await invoke(null)).outputs).toEqual({ fired: 'for' })
  })

  it('an event has nobody to keep it', async () => {
    const { start } = begin(compile('name: p\nstages:\n  - { id: e, emit: { event: told } }\n'))
    expect((await start()).run).toMatchObject({ status: 'failed', error: { code: 'no_events' } })
  })
})
