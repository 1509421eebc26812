/**
 * Three pipelines, each started by what came before: somebody starts a plan, its end starts the specification, and an
 * event starts the implementation, if it says that what is needed is there. The model is scripted; give `models` another
 * one, or none at all and a key.
 *
 *   npx node examples/19-plan-to-code.ts
 */
import { fileURLToPath } from 'node:url'
import { compileFile, createEngine, createMemoryStore, type Ticked } from '../src/index.ts'
import { type ScriptedModel, scriptedModel } from './support/scripted-model.ts'

const features = ['cart', 'search', 'login', 'orders', 'stock', 'prices', 'mail', 'taxes', 'returns', 'gifts']
const file = (name: string) => compileFile(fileURLToPath(new URL(`plan-to-code/${name}.yaml`, import.meta.url)))

/** It is busy the first time it is asked for anything. */
export const model = (): ScriptedModel =>
  scriptedModel(async (prompt, call) => {
    if (call === 0) throw Object.assign(new Error('busy'), { response: { status: 503, headers: {} } })
    if (prompt.startsWith('Plan')) return { goal: 'A shop for tea', features }
    if (prompt.startsWith('Specify')) return { value: features.map((text, index) => ({ id: `s${index}`, text })) }
    await new Promise((done) => setTimeout(done, 50))
    const [, id = '', text = ''] = /^Implement (\w+): (\w+)/.exec(prompt) ?? []
    return { spec: id, files: [`${text}.ts`] }
  })

const startedBy = (ticked: readonly Ticked[]) => ticked.flatMap((each) => ('run' in each ? [each.run.result] : []))

export async function main(log: (line: string) => void = console.log, scripted = model()) {
  const pipelines = ['plan', 'specification', 'implementation'].map(file)
  const [plan] = pipelines
  if (plan === undefined) throw new Error('There is no plan.')
  await using engine = createEngine({
    store: createMemoryStore(),
    pipelines,
    models: { 'openai:gpt-5-mini': scripted },
    background: false,
  })
  const planned = await engine.execute(plan, { goal: 'A shop for tea' })
  log(`${planned.pipeline}: ${planned.status}`)

  const [specified] = await Promise.all(startedBy(await engine.tick()))
  log(`${specified?.pipeline}: ${specified?.status}`)
  const specs = specified?.outputs?.specs ?? []

  const early = await engine.signal({ event: 'specs.ready', id: 'e1', data: { dependencies_met: false, specs } })
  log(`too early: ${early.runs.length} runs`)
  const ready = await engine.signal({ event: 'specs.ready', id: 'e2', data: { dependencies_met: true, specs } })
  const [built] = await Promise.all(ready.runs.map((run) => run.result))
  log(`${built?.pipeline}: ${built?.status}, ${JSON.stringify(built?.outputs?.files)}`)
  return { planned, specified, built, runs: await engine.list() }
}

if (import.meta.main) await main()
