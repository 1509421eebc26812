/** The places of a kind's configuration that differ (`StageKind.slots`), found in a configuration as written. */
import { isJsonObject, type Json } from '../../foundation/json.ts'
import type { Slot, StageKind } from '../../foundation/stage-kind.ts'

export interface SlotPlace {
  readonly slot: Slot
  readonly path: readonly (string | number)[]
  readonly value: Json
}

/** Every place in `config` that a slot of `kind` names, in the order of the slots. */
export function slotPlaces(kind: StageKind, config: Json): SlotPlace[] {
  if (!kind.slots) return []
  return Object.entries(kind.slots).flatMap(([pattern, slot]) =>
    valuesAt(pattern, config).map((match) => ({ slot, ...match })),
  )
}

/** Every place in `config` that a pattern such as `cases.*.when` names. */
export const valuesAt = (pattern: string, config: Json): Omit<SlotPlace, 'slot'>[] =>
  matches(pattern === '' ? [] : pattern.split('.'), config, [])

function matches(
  steps: readonly string[],
  value: Json,
  path: readonly (string | number)[],
): { readonly path: readonly (string | number)[]; readonly value: Json }[] {
  const [step, ...rest] = steps
  if (step === undefined) return [{ path, value }]
  if (Array.isArray(value)) {
    return value.flatMap((item, index) =>
      step === '*' || step === String(index) ? matches(rest, item, [...path, index]) : [],
    )
  }
  if (!isJsonObject(value)) return []
  const keys = step === '*' ? Object.keys(value) : Object.hasOwn(value, step) ? [step] : []
  return keys.flatMap((key) => matches(rest, value[key] as Json, [...path, key]))
}
