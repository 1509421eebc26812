/** One step with a pipeline of waits on the store in a folder: starts it, goes on with it, or answers. */
import { join } from 'node:path'
import { Command, type Interrupt } from '@langchain/langgraph'
import type { Json } from '../../../src/foundation/json.ts'
import { createEngine, openStore, type RunStore } from '../../../src/index.ts'
import { kindsFor, pipelineOf, type Text } from './kinds.ts'

export interface Setting {
  /** The engine, or a graph with no engine around it. */
  readonly mode: 'engine' | 'raw'
  readonly lowering: 'flow' | 'stages'
  readonly text: Text
  readonly folder: string
}

export type Action = 'start' | 'go' | { readonly answer: Readonly<Record<string, Json>> }

export interface Said {
  readonly status?: string
  readonly waits: readonly { readonly id: string; readonly value: Json; readonly response_schema?: Json }[]
  readonly outputs?: Json
  readonly error?: { readonly code: string; readonly message: string } | null
}

export async function step(setting: Setting, action: Action): Promise<Said> {
  const store = openStore(join(setting.folder, 'runs.db'))
  try {
    return setting.mode === 'engine' ? await byEngine(store, setting, action) : await raw(store, setting, action)
  } catch (error) {
    return { waits: [], error: { code: String((error as { code?: string }).code), message: String(error) } }
  } finally {
    await store.close()
  }
}

async function byEngine(store: RunStore, { lowering, text, folder }: Setting, action: Action): Promise<Said> {
  const file = join(folder, 'effects')
  await using engine = createEngine({ store, stages: kindsFor(file), lowering })
  const run =
    action === 'start'
      ? await engine.start(pipelineOf(text, file), {}, { threadId: 't' })
      : await engine.resume('t', action === 'go' ? {} : { answers: action.answer })
  const { status, outputs, error } = await run.result
  const { waits = [] } = (await engine.get('t')) ?? {}
  return { status, outputs, waits: waits as Said['waits'], error: error && { ...error, code: String(error.code) } }
}

async function raw(store: RunStore, { lowering, text, folder }: Setting, action: Action): Promise<Said> {
  const graph = pipelineOf(text, join(folder, 'effects')).graph({ checkpointer: store.saver, lowering })
  const input = action === 'start' ? { inputs: {} } : action === 'go' ? null : new Command({ resume: action.answer })
  const state = await graph.invoke(input as never, { configurable: { thread_id: 't' } })
  const waits = (state as { __interrupt__?: Interrupt[] }).__interrupt__ ?? []
  const status = state.run.status ?? (waits.length > 0 ? 'waiting' : 'paused')
  return { status, outputs: state.outputs ?? null, waits: waits as Said['waits'] }
}
