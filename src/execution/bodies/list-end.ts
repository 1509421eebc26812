/** What came of a list of stages, once all of them are terminal. */
import type { Json } from '../../foundation/json.ts'
import { type Outcome, type Outcomes, type SkipReason, skipReasons } from '../../foundation/outcome.ts'
import type { StagePlan } from '../../foundation/plan.ts'
import { sourcesOf, type Template } from '../../foundation/template.ts'
import type { Gates } from '../gates.ts'
import type { Root } from '../roots.ts'
import { contributionsOf } from '../variables.ts'
import type { Parts, View } from '../view.ts'
import { scopeOf, type Workshop } from '../workshop.ts'
import { done, type ListEnd } from './body-work.ts'

/**
 * A failure is told before a skip, and of several failures the first in the list. What was cut off is told first where
 * everything outside is being stopped, for then nobody knows what would have failed; else it was cut off for a failure.
 */
export function endOfList(
  stages: readonly StagePlan[],
  outcomes: Outcomes,
  { isStopped, gates }: { readonly isStopped: boolean; readonly gates: Gates['gates'] },
): ListEnd {
  let reason: SkipReason | undefined
  let cut: Outcome | undefined
  let failed: Outcome | undefined
  for (const { id } of stages) {
    const outcome = outcomes[id]
    if (!outcome) continue // it waited while another failed
    if (isFailure(outcome)) failed ??= outcome
    else if (outcome.status === 'cancelled' || outcome.reason === 'cancelled') cut ??= outcome
    else if (outcome.status === 'skipped' && outcome.reason !== 'condition') reason = stronger(reason, outcome.reason)
  }
  if (failed?.error && !(cut && isStopped)) {
    const shut = stages.some(({ id }) => isShut(outcomes[id], gates.has(id)))
    return {
      is: 'failed',
      failure: failed.error,
      ...(failed.rollback && { rollback: true }),
      ...(shut && { shut: true }),
    }
  }
  if (cut) return { is: 'cut', error: cut.error }
  return reason ? { is: 'skipped', reason } : done
}

/** A gate that failed, or that was open when something else did. */
function isShut(outcome: Outcome | undefined, isGate: boolean): boolean {
  if (outcome?.shut) return true
  return isGate && (!outcome || isFailure(outcome) || outcome.reason === 'cancelled')
}

export const isFailure = ({ status, tolerated }: Outcome): boolean => status === 'failed' && !tolerated

function stronger(a: SkipReason | undefined, b: SkipReason | null): SkipReason | undefined {
  if (a === undefined || b === null) return a ?? b ?? undefined
  return skipReasons.indexOf(a) <= skipReasons.indexOf(b) ? a : b
}

/** The output of the last stage, or `result` in the scope of the list. Throws ExpressionError. */
export function listValue(
  shop: Workshop,
  view: View,
  stages: readonly StagePlan[],
  result: Template | undefined,
): Json {
  if (!result) return view.outcomes[stages.at(-1)?.id ?? '']?.output ?? null
  if (result.kind === 'literal') return result.value
  return shop.deps.evaluator.template(result, scopeOf(shop, view)(sourcesOf(result)))
}

/** What the stages of a list set, in its order. */
export function partsOf(stages: readonly StagePlan[], outcomes: Outcomes): Parts {
  const parts: Record<string, Json[]> = {}
  for (const { id } of stages) {
    const outcome = outcomes[id]
    if (!outcome) continue
    for (const name of new Set([...Object.keys(outcome.parts ?? {}), ...Object.keys(outcome.set)])) {
      const known = parts[name]
      if (known) known.push(...contributionsOf(outcome, name))
      else parts[name] = [...contributionsOf(outcome, name)]
    }
  }
  return parts
}

/** One after the other. */
export function joinParts(all: Iterable<Parts>): Parts {
  const joined: Record<string, Json[]> = {}
  for (const parts of all) {
    for (const [name, contributions] of Object.entries(parts)) {
      joined[name] ??= []
      for (const contribution of contributions) joined[name].push(contribution)
    }
  }
  return joined
}

/** As few contributions as say the same; undefined where nothing was set. */
export function combined({ variables }: Root, parts: Parts): Parts | undefined {
  const entries = Object.entries(parts)
  if (entries.length === 0) return undefined
  return Object.fromEntries(entries.map(([name, given]) => [name, variables.combined(name, given)]))
}
