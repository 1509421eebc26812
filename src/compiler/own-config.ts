/** The configuration of a stage without the stages inside it: what the stage itself says. */
import type { Json } from '../foundation/json.ts'
import type { StageKind } from '../foundation/stage-kind.ts'
import { valuesAt } from './spec/slots.ts'
import { replacedAt } from './spec/value-in.ts'
import { configOf, type StageSpec } from './spec.ts'

/** Null stands where a list of stages stood. */
export function withoutLists(spec: StageSpec, kind: StageKind): Json {
  const config = configOf(spec, kind)
  const places = (kind.body?.lists ?? []).flatMap((pattern) => valuesAt(pattern, config))
  return places.reduce((rest, { path }) => replacedAt(rest, path, null), config)
}
