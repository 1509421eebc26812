/**
 * Straight LangGraph: `compile(…).graph()` is a compiled StateGraph. No engine of ours is around it, and any
 * checkpointer will do.
 *
 *   npx node examples/11-langgraph.ts
 */
import { readFileSync } from 'node:fs'
import { MemorySaver } from '@langchain/langgraph'
import { compile } from '../src/index.ts'

const path = new URL('04-variables.yaml', import.meta.url).pathname
const pipeline = compile(readFileSync(path, 'utf8'), { path })
const checkpointer = new MemorySaver()
const thread = { configurable: { thread_id: 'example' } }

/** Runs up to `report`, looks, edits a variable, and goes on from the checkpoint with a new graph object. */
export async function main(log: (line: string) => void = console.log) {
  const graph = pipeline.graph({ checkpointer })
  log(graph.getGraph().drawMermaid().split('\n')[0] ?? '')

  for await (const update of await graph.stream(
    { inputs: {} },
    { ...thread, streamMode: 'updates', interruptBefore: ['report'] },
  )) {
    log(`update from ${Object.keys(update).join(', ')}`)
  }
  const before = await graph.getState(thread)
  log(`next: ${before.next.join(', ')}; findings: ${JSON.stringify(before.values['vars.findings'])}`)

  await graph.updateState(thread, { 'vars.spend': 100 }, 'quick')
  const resumed = pipeline.graph({ checkpointer })
  const state = await resumed.invoke(null, thread)
  log(`status ${state.run.status}: ${state.outputs?.title}`)
  return state
}

if (import.meta.main) await main()
