/** Which stages set which variable, in list order. */
import { isJsonObject, type Json } from '../../../foundation/json.ts'
import type { ParsedPipeline } from '../../parsed.ts'

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
