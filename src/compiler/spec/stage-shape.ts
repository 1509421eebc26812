/** Checks the shape of one stage: its keys, its kind, its common keys and its kind's configuration. */
import { z } from 'zod'
import { diagnostics } from '../../foundation/diagnostics.ts'
import { isJsonObject, type Json } from '../../foundation/json.ts'
import type { StageKind } from '../../foundation/stage-kind.ts'
import { suggest } from '../../foundation/suggest.ts'
import type { Path } from '../parsed.ts'
import { checkBody, checkInside } from './body-shape.ts'
import { checkConfig } from './config-shape.ts'
import { bareExpression } from './expression-shape.ts'
import { checkHandlers, checkRollback } from './failure-shape.ts'
import { explainIssues } from './issues.ts'
import { besideLaterKinds, laterKinds, laterStageKeys } from './later.ts'
import { mend } from './mend.ts'
import { checkLiterals, checkName, checkRenderedNumber } from './names.ts'
import type { Mutable, Shape } from './shape-context.ts'
import { commonStageKeys, stageEnv } from './stage.ts'
import { keysAt } from './walk-schema.ts'
import { foundWords } from './words.ts'

const commonSchema = z.object({ ...commonStageKeys, env: stageEnv() })
const common: ReadonlySet<string> = new Set(Object.keys(commonStageKeys))

/** The stage at `path`, mended; one that is no map becomes one that does nothing, so that indexes stay. */
export function checkStage(stage: Json, path: Path, shape: Shape): Json {
  if (!isJsonObject(stage)) {
    const span = shape.places.spanOf(path)
    shape.report(
      diagnostics.wrong_type(span, 'A stage', 'a map', foundWords(stage), 'Write "- id: name" and its keys.'),
    )
    return { id: standInId(path), transform: null }
  }
  const data = stage as Mutable
  const kind = checkKeys(data, path, shape)
  checkHandlers(data.on_error, [...path, 'on_error'], checkStage, shape)
  checkCommon(data, path, shape)
  if (typeof data.id !== 'string') data.id = standInId(path)
  if (kind && data[kind.name] !== undefined) checkConfig(kind, data, path, shape)
  checkRollback(data, path, checkBare, shape)
  if (kind?.body) checkBody(kind, kind.body, data, path, checkStage, shape)
  if (path.length > 2) checkInside(data, path, shape)
  return data
}

/** A stage that has no id. */
function checkBare(data: Mutable, path: Path, shape: Shape): StageKind | undefined {
  const kind = checkKeys(data, path, shape)
  data.id = 'undo'
  checkCommon(data, path, shape)
  delete data.id
  if (kind && data[kind.name] !== undefined && !kind.body && !kind.waits) checkConfig(kind, data, path, shape)
  return kind
}

/** No id that anybody can write, and another one at every place. */
const standInId = (path: Path): string => `#${path.join('.')}`

/** Finds the kind, and reports keys that do not belong. `x-*` keys and unknown ones go. */
function checkKeys(data: Mutable, path: Path, shape: Shape): StageKind | undefined {
  const kinds: StageKind[] = []
  const others: string[] = []
  for (const key of Object.keys(data)) {
    if (common.has(key)) continue
    const kind = shape.kinds.get(key)
    if (kind) kinds.push(kind)
    else if (key.startsWith('x-')) delete data[key]
    else others.push(key)
  }
  const [kind, second] = kinds
  if (second && kind) {
    const span = shape.places.keySpanOf([...path, second.name])
    shape.report(diagnostics.several_stage_kinds(span, kind.name, second.name))
  }
  if (others.length > 0 || !kind) checkOtherKeys(data, others, kinds, path, shape)
  return second ? undefined : kind
}

function checkOtherKeys(data: Mutable, keys: readonly string[], kinds: readonly StageKind[], path: Path, shape: Shape) {
  const beside = new Set(kinds.flatMap(({ beside = [], env }) => [...beside, ...(env ? ['env'] : [])]))
  const later = kinds.length === 0 ? keys.find((key) => laterKinds.has(key)) : undefined
  let explainsKind = later !== undefined
  const misspelt = kinds.length === 0 ? besideMisspelt(keys, shape) : new Set<string>()
  for (const key of keys) {
    if (beside.has(key)) continue
    if (misspelt.has(key)) {
      delete data[key]
      continue
    }
    delete data[key]
    const span = shape.places.keySpanOf([...path, key])
    if (laterKinds.has(key)) shape.report(diagnostics.not_available_yet(span, `The stage kind "${key}"`))
    else if (laterStageKeys.has(key)) shape.report(diagnostics.not_available_yet(span, `"${key}" on a stage`))
    else if (!(later && besideLaterKinds.has(key))) {
      const near = nearKey(key, beside, kinds, shape)
      explainsKind ||= near === undefined || shape.kinds.has(near)
      shape.report(diagnostics.unknown_key(span, key, 'the stage', near, placeHint(key, kinds, shape)))
    }
  }
  if (kinds.length > 0 || explainsKind) return
  shape.report(diagnostics.no_stage_kind(shape.places.firstKeySpanOf(path), [...shape.kinds.keys()]))
}

/** Keys that belong to a kind whose name was most likely meant: one slip is told once. */
function besideMisspelt(keys: readonly string[], { kinds }: Shape): ReadonlySet<string> {
  const meant = keys.flatMap((key) => kinds.get(suggest(key, kinds.keys()) ?? '') ?? [])
  return new Set(meant.flatMap(({ beside = [] }) => beside))
}

function nearKey(key: string, beside: Iterable<string>, kinds: readonly StageKind[], shape: Shape): string | undefined {
  const candidates = [...common, ...beside, ...(kinds.length === 0 ? shape.kinds.keys() : [])]
  return suggest(key, candidates)
}

/** Where a key that stands in the wrong place belongs. */
function placeHint(key: string, kinds: readonly StageKind[], shape: Shape): string | undefined {
  const [kind] = kinds
  if (!kind) return `Kinds of stages: ${[...shape.kinds.keys()].join(', ')}.`
  if (key === 'env') {
    const names = [...shape.kinds.values()].filter(({ env }) => env).map(({ name }) => name)
    return `Only stages of the kind ${names.join(', ')} have environment variables.`
  }
  const inside = !kind.beside && keysAt(kind.schema, []).includes(key)
  return inside ? `It stands inside "${kind.name}:".` : undefined
}

function checkCommon(data: Mutable, path: Path, shape: Shape): void {
  if (data.if !== undefined) bareExpression(data, 'if', [...path, 'if'], shape)
  if (data.output !== undefined) checkLiterals(data, path, ['output'], shape)
  const result = commonSchema.safeParse(data)
  if (!result.success) {
    const validated = { schema: commonSchema, value: data, base: path, templates: false, places: shape.places }
    for (const { diagnostic, path: place, keys } of explainIssues(result.error.issues, validated)) {
      shape.report(diagnostic)
      const inStage = place.slice(path.length)
      if (inStage[0] !== 'id') mend(data, inStage, keys)
    }
  }
  if (isJsonObject(data.env)) {
    for (const [name, value] of Object.entries(data.env)) {
      checkName(name, [...path, 'env', name], 'an environment variable', shape)
      checkRenderedNumber(value, [...path, 'env', name], shape)
    }
  }
  if (data.idempotency_key !== undefined) checkRenderedNumber(data.idempotency_key, [...path, 'idempotency_key'], shape)
}
