/** A thread that the caller named, or the error that says which there are. */
import type { PipelineEngine, PipelineState } from '../execution/pipeline-engine.ts'
import { ThreadError } from '../foundation/errors.ts'
import { didYouMean } from '../foundation/suggest.ts'

export async function knownThread(engine: PipelineEngine, id: string): Promise<PipelineState> {
  const state = await engine.get(id)
  if (state) return state
  const others = (await engine.list({ limit: 200 })).map((run) => run.id)
  const near = id.length > 4 ? didYouMean(id, others) : undefined // anything is near a short word
  throw new ThreadError('thread_unknown', `There is no thread "${id}" in this store.`, {
    hint: [near, 'List what there is: stagegraph runs'].filter(Boolean).join(' '),
  })
}
