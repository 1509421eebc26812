/** Runs that are started by events, and by the end of other runs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  compile,
  createEngine,
  createManualClock,
  createMemoryStore,
  type EngineOptions,
  type ManualClock,
  type RunStore,
  type Ticked,
} from '../../src/index.ts'

let store: RunStore
let clock: ManualClock
beforeEach(() => {
  clock = createManualClock()
  store = createMemoryStore({ clock })
})
afterEach(() => store.close())

const byOrder = compile(`
name: ship
inputs: { order: string, "at?": string }
triggers:
  - event: order.created
    match: event.data.total > 100
    with: { order: "\${{ trigger.data.id }}", at: "\${{ trigger.at }}" }
stages:
  - { id: ship, transform: "shipped \${{ inputs.order }}" }
outputs: { what: "\${{ stages.ship.output }}" }
`)

const marts = compile(
  'name: marts\ninputs: { ok: boolean }\nstages:\n  - { id: a, assert: [{ that: inputs.ok }] }\noutputs: { n: 7 }\n',
)
const report = compile(`
name: report
inputs: { run: string, n: { type: [integer, "null"] } }
triggers:
  - pipeline: marts
    with: { run: "\${{ trigger.run }}", n: "\${{ trigger.outputs == null ? null : trigger.outputs.n }}" }
stages:
  - { id: a, transform: "\${{ inputs.n }}" }
outputs: { n: "\${{ stages.a.output }}", of: "\${{ inputs.run }}" }
`)

const engine = (options: Partial<EngineOptions> = {}) =>
  createEngine({ store, clock, background: false, pipelines: [byOrder, report], ...options })

const outputs = (ticked: readonly Ticked[]) =>
  Promise.all(ticked.map(async (each) => ('run' in each ? (await each.run.result).outputs : each.error.code)))

describe('a trigger', () => {
  it('starts a run for each event that matches, once', async () => {
    const one = engine()
    expect((await one.signal({ event: 'order.created', data: { id: 'o0', total: 5 } })).runs).toEqual([])
    const { runs } = await one.signal({ event: 'order.created', id: 'e1', data: { id: 'o1', total: 500 } })
    expect(await runs[0]?.result).toMatchObject({ pipeline: 'ship', outputs: { what: 'shipped o1' } })
    await one.signal({ event: 'order.created', id: 'e1', data: { id: 'o1', total: 500 } })
    expect(await engine().tick()).toEqual([])
    expect(await one.list({ pipeline: 'ship' })).toHaveLength(1)
  })

  it('finds the event that came where nobody had the pipeline', async () => {
    await engine({ pipelines: [] }).signal({ event: 'order.created', data: { id: 'o2', total: 101 } })
    expect(await outputs(await engine().tick())).toEqual([{ what: 'shipped o2' }])
    expect(await outputs(await engine().tick())).toEqual([])
  })

  it('starts a run for each run that ends as it says', async () => {
    const elsewhere = engine({ pipelines: [] })
    const { runId } = await elsewhere.execute(marts, { ok: true })
    await elsewhere.execute(marts, { ok: false })
    expect(await outputs(await engine().tick())).toEqual([{ n: 7, of: runId }])
    expect(await outputs(await engine().tick())).toEqual([])
    await clock.advance(2 * 86_400_000)
    await elsewhere.execute(marts, { ok: true })
    await clock.advance(86_400_001)
    expect(await outputs(await engine().tick())).toEqual([]) // too long ago
  })

  it('is seen to in the background, by an engine that has nothing else to do', async () => {
    await using waiting = engine({ background: true })
    await engine({ pipelines: [] }).signal({ event: 'order.created', data: { id: 'o3', total: 300 } })
    for (let turn = 0; turn < 100 && (await waiting.list({ status: ['succeeded'] })).length === 0; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect((await waiting.list()).map(({ inputs }) => inputs.order)).toEqual(['o3'])
  })

  it('says why it could not start a run', async () => {
    const typed = compile(`
name: typed
inputs: { n: integer }
triggers:
  - { event: counted, with: { n: "\${{ trigger.data }}" } }
stages:
  - { id: a, transform: 1 }
`)
    await engine({ pipelines: [] }).signal({ event: 'counted', data: 'many' })
    const one = engine({ pipelines: [typed] })
    expect(await outputs(await one.tick())).toEqual(['invalid_inputs'])
    expect(await one.tick()).toEqual([])
  })
})
