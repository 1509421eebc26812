/** A checkpointer that takes its time, as one across a network does. */
import { Command, MemorySaver } from '@langchain/langgraph'
import { expect, it } from 'vitest'
import { lower, lowerFlow, planOf, stage, thread } from '../support-stages.ts'

class LateSaver extends MemorySaver {
  override async put(...checkpoint: Parameters<MemorySaver['put']>): ReturnType<MemorySaver['put']> {
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    return super.put(...checkpoint)
  }
}

const plan = planOf(
  [
    stage('asks', { kind: 'ask', value: { questions: ['go?'] } }),
    stage('end', { needs: ['asks'], value: '${{ vars.x }}' }),
  ],
  {
    vars: { x: { schema: true, merge: 'last', default: 0 } },
    outputs: { end: '${{ stages.end.output }}' },
  },
)

it.each([
  ['flow', lowerFlow],
  ['stages', lower],
] as const)('%s: a wait is answered and a variable edited in one command', async (_, lowering) => {
  const checkpointer = new LateSaver()
  const graph = () => lowering(plan, {}, { checkpointer }).graph
  await graph().invoke({ inputs: {} }, thread('t'))
  const done = await graph().invoke(new Command({ resume: 'yes', update: { 'vars.x': 3 } }) as never, thread('t'))
  expect(done.outputs).toEqual({ end: 3 })
})
