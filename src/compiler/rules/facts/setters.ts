/** Which stages set which variable, and how those stages stand to each other. */
import { isJsonObject, type Json } from '../../../foundation/json.ts'
import type { ParsedPipeline } from '../../parsed.ts'
import type { StageOrder } from './stage-order.ts'

/** Per variable the stages that set it, in list order. */
export function settersOf({ spec }: ParsedPipeline): Map<string, number[]> {
  const setters = new Map<string, number[]>()
  for (const [index, { set }] of spec.stages.entries()) {
    if (!isJsonObject((set ?? null) as Json)) continue
    for (const name of Object.keys(set as object)) {
      const known = setters.get(name)
      if (known) known.push(index)
      else setters.set(name, [index])
    }
  }
  return setters
}

/** The stages such that each waits for the one before it, and so for all before it; undefined when two are side by side. */
export function chainOf(setters: readonly number[], { sequence, waitsFor }: StageOrder): readonly number[] | undefined {
  if (setters.length < 2) return setters
  const wanted = new Set(setters)
  const chain = sequence.filter((stage) => wanted.has(stage))
  return chain.every((stage, at) => at === 0 || waitsFor(stage, chain[at - 1] as number)) ? chain : undefined
}

/** The first in a chain that neither waits for the stage nor is waited for by it. */
export function besideChain(chain: readonly number[], stage: number, { waitsFor }: StageOrder): number | undefined {
  let low = 0
  for (let high = chain.length; low < high; ) {
    const middle = (low + high) >> 1
    if (waitsFor(stage, chain[middle] as number)) low = middle + 1
    else high = middle
  }
  const next = chain[low]
  return next === undefined || next === stage || waitsFor(next, stage) ? undefined : next
}
