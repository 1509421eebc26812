/**
 * Checks the shape of a whole document against the language, and reports everything at once.
 *
 * What is wrong is taken out or replaced where a later phase would only repeat the fault in other words, so the result
 * always has the type `PipelineSpec`; paths into it stay those of the source.
 */
import { z } from 'zod'
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import { diagnostics } from '../../foundation/diagnostics.ts'
import { isJsonObject, type Json, type JsonObject } from '../../foundation/json.ts'
import type { StageKinds } from '../../foundation/stage-kind.ts'
import { suggest } from '../../foundation/suggest.ts'
import { topLevelKeys } from '../spec.ts'
import type { Places } from '../yaml/places.ts'
import { limits } from '../yaml/read.ts'
import { bareExpression } from './expression-shape.ts'
import { checkHandlers } from './failure-shape.ts'
import { holderSpan } from './issue-place.ts'
import { type Explained, explainIssues } from './issues.ts'
import { laterTopLevelKeys } from './later.ts'
import { checkList } from './list-shape.ts'
import { mend } from './mend.ts'
import { checkEnvList, checkInputs, checkLiterals, checkVariables } from './names.ts'
import type { Mutable, Shape } from './shape-context.ts'
import { checkStage } from './stage-shape.ts'
import { foundWords } from './words.ts'

const headSchema = z.object(topLevelKeys)
const known = [...Object.keys(topLevelKeys), 'stages']

export interface CheckedShape {
  /** Undefined when there is no list of stages to go on with. */
  readonly data: JsonObject | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/** Changes `root`: `x-*` keys go, and what the diagnostics are about may. */
export function checkShape(root: Json, places: Places, kinds: StageKinds): CheckedShape {
  const found: Diagnostic[] = []
  const told = new Set<string>()
  const shape: Shape = {
    places,
    kinds,
    report(diagnostic) {
      const key = `${diagnostic.code} ${diagnostic.span.start.offset} ${diagnostic.message}`
      if (found.length >= limits.faults || told.has(key)) return
      told.add(key) // a map that an alias repeats is checked at each place, but stands at one
      found.push(diagnostic)
    },
  }
  if (!isJsonObject(root)) {
    shape.report(diagnostics.wrong_type(places.spanOf([]), 'A pipeline', 'a map', foundWords(root), undefined))
    return { data: undefined, diagnostics: found }
  }
  const data = root as Mutable
  checkTopLevelKeys(data, shape)
  checkHead(data, shape)
  const stages = checkStages(data, shape)
  return { data: stages ? data : undefined, diagnostics: found }
}

function checkTopLevelKeys(data: Mutable, { places, report }: Shape): void {
  for (const key of Object.keys(data)) {
    if (known.includes(key)) continue
    delete data[key]
    if (key.startsWith('x-')) continue
    const span = places.keySpanOf([key])
    if (laterTopLevelKeys.has(key)) report(diagnostics.not_available_yet(span, `"${key}" at the top level`))
    else report(diagnostics.unknown_key(span, key, 'the pipeline', suggest(key, known), knownHint))
  }
}

const knownHint = `Known keys: ${known.join(', ')}; keys of your own start with "x-".`

function checkHead(data: Mutable, shape: Shape): void {
  checkLiterals(data, [], ['inputs', 'types', 'vars'], shape)
  checkHandlers(data.on_error, ['on_error'], checkStage, shape)
  if (data.finally !== undefined && !checkList(data.finally, ['finally'], checkStage, shape)) delete data.finally
  checkTriggers(data, shape)
  const result = headSchema.safeParse(data)
  if (!result.success) {
    const validated = { schema: headSchema, value: data, base: [], templates: false, places: shape.places }
    const explained = explainIssues(result.error.issues, validated)
    for (const { diagnostic } of explained) shape.report(diagnostic)
    for (const each of explained) mendHead(data, each)
  }
  checkInputs(data, shape)
  checkVariables(data, shape)
  checkEnvList(data, shape)
}

function checkTriggers({ triggers }: Mutable, shape: Shape): void {
  if (!Array.isArray(triggers)) return
  triggers.forEach((trigger: Json, index) => {
    if (!isJsonObject(trigger) || trigger.match === undefined) return
    bareExpression(trigger as Mutable, 'match', ['triggers', index, 'match'], shape)
  })
}

/** Accepts every value: what stands for a schema that could not be read. */
const anySchema = { type: ['string', 'number', 'boolean', 'object', 'array', 'null'] }

function mendHead(data: Mutable, { path, keys }: Explained): void {
  const [section, name] = path
  if (section === 'name') {
    if (typeof data.name !== 'string') data.name = ''
  } else if (path.length === 2 && ['inputs', 'types', 'vars'].includes(String(section))) {
    const entries = data[String(section)]
    if (isJsonObject(entries)) (entries as Mutable)[String(name)] = section === 'vars' ? {} : anySchema
  } else mend(data, path, keys)
}

/** Whether there is a list of stages. */
function checkStages(data: Mutable, shape: Shape): boolean {
  const { places, report } = shape
  const { stages } = data
  if (stages === undefined) {
    report(diagnostics.missing_key(holderSpan([], places), 'stages', 'the pipeline'))
    return false
  }
  return checkList(stages, ['stages'], checkStage, shape)
}
