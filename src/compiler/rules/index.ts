/**
 * The rules, in the order that reads best: what is there, how it is ordered, what is read, what fits, what is of no use.
 */
import { booleanConditions } from './boolean-conditions.ts'
import { checkedReads } from './checked-reads.ts'
import { completeTriggers } from './complete-triggers.ts'
import { declaredEnv } from './declared-env.ts'
import { durationTexts } from './duration-texts.ts'
import { fittingArguments } from './fitting-arguments.ts'
import { freeItemNames } from './free-item-names.ts'
import { givenInputs } from './given-inputs.ts'
import { grantedChildren } from './granted-children.ts'
import { knownNeeds } from './known-needs.ts'
import { lastStages } from './last-stages.ts'
import { listedItems } from './listed-items.ts'
import { markedExpressions } from './marked-expressions.ts'
import { matchableNeeds } from './matchable-needs.ts'
import { meaningfulOnce } from './meaningful-once.ts'
import { noCycles } from './no-cycles.ts'
import { noLastOfItems } from './no-last-of-items.ts'
import { noNullInText } from './no-null-in-text.ts'
import { noRacingReads } from './no-racing-reads.ts'
import { noUnused } from './no-unused.ts'
import { noWriteRaces } from './no-write-races.ts'
import { plainWaits } from './plain-waits.ts'
import { reachedRollbacks } from './reached-rollbacks.ts'
import { readableExpressions } from './readable-expressions.ts'
import type { Rule } from './rule.ts'
import { secretsInPlace } from './secrets-in-place.ts'
import { settableVariables } from './settable-variables.ts'
import { shutGates } from './shut-gates.ts'
import { soundDeclarations } from './sound-declarations.ts'
import { soundExpressions } from './sound-expressions.ts'
import { uniqueIds } from './unique-ids.ts'

export const rules: readonly Rule[] = [
  uniqueIds,
  knownNeeds,
  noCycles,
  matchableNeeds,
  freeItemNames,
  readableExpressions,
  markedExpressions,
  soundExpressions,
  booleanConditions,
  listedItems,
  noNullInText,
  secretsInPlace,
  declaredEnv,
  soundDeclarations,
  settableVariables,
  completeTriggers,
  fittingArguments,
  givenInputs,
  grantedChildren,
  durationTexts,
  noLastOfItems,
  noWriteRaces,
  noRacingReads,
  noUnused,
  meaningfulOnce,
  plainWaits,
  shutGates,
  lastStages,
  reachedRollbacks,
  checkedReads,
]
