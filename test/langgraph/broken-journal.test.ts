/** A checkpointer that does not take the rows of the journal. */
import { MemorySaver } from '@langchain/langgraph'
import { expect, it } from 'vitest'
import { journalChannel } from '../../src/compiler/lower/lineage.ts'
import { lower, lowerFlow, planOf, stage, thread } from '../support-stages.ts'

const plan = planOf([stage('a', { kind: 'ask', value: { questions: ['a?'] }, needs: [] }), stage('b', { needs: [] })])

class Full extends MemorySaver {
  override async putWrites(...[config, writes, task]: Parameters<MemorySaver['putWrites']>): Promise<void> {
    if (writes.some(([channel]) => channel === journalChannel)) throw new RangeError('The disk is full.')
    await super.putWrites(config, writes, task)
  }
}

it.each(Object.entries({ flow: lowerFlow, stages: lower }))(
  'is what whoever invokes the graph hears of (%s)',
  async (_, made) => {
    const { graph } = made(plan, {}, { checkpointer: new Full() })
    await expect(graph.invoke({ inputs: {} }, thread('t'))).rejects.toThrow(RangeError)
  },
)
