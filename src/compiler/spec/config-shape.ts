/** Checks a kind's configuration as written: its slots, then its own schema. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { isJsonObject, type Json, type JsonObject } from '../../foundation/json.ts'
import type { StageKind } from '../../foundation/stage-kind.ts'
import type { Path } from '../parsed.ts'
import { configOf, pathInStage, type StageSpec } from '../spec.ts'
import { bareExpression } from './expression-shape.ts'
import { explainIssues } from './issues.ts'
import { checkLiterals } from './names.ts'
import type { Mutable, Shape } from './shape-context.ts'
import { slotPlaces } from './slots.ts'
import { hasTemplate, templateAt, templateEnd } from './templates.ts'
import { replacedAt, valueIn } from './value-in.ts'
import { foundWords } from './words.ts'

export function checkConfig(kind: StageKind, stage: Mutable, stagePath: Path, shape: Shape): void {
  const config = configOf(stage as StageSpec, kind)
  const placeOf = (path: Path): Path => [...stagePath, ...pathInStage(kind, path)]
  const settled = checkSlots(kind, stage, stagePath, config, placeOf, shape)
  const result = kind.schema.safeParse(settled.size === 0 ? config : withStandIns(config, settled))
  if (result.success) return
  const validated = {
    schema: kind.schema,
    value: config,
    base: stagePath,
    templates: true,
    places: shape.places,
    placeOf,
  }
  const issues = result.error.issues.filter(({ path }) => !isSettled(path, settled))
  for (const { diagnostic } of explainIssues(issues, validated)) shape.report(diagnostic)
}

const keyOf = (path: readonly PropertyKey[]): string => JSON.stringify(path)

const isSettled = (path: readonly PropertyKey[], settled: ReadonlyMap<string, Settled>): boolean =>
  settled.has(keyOf(path))

/** A place that is checked here; for the kind's schema another value stands in for it, if any. */
interface Settled {
  readonly path: Path
  readonly standIn?: Json
}

function checkSlots(
  kind: StageKind,
  stage: Mutable,
  stagePath: Path,
  config: Json,
  placeOf: (path: Path) => Path,
  shape: Shape,
): ReadonlyMap<string, Settled> {
  const settled = new Map<string, Settled>()
  if (!kind.slots) return settled
  for (const { slot, path, value } of slotPlaces(kind, config)) {
    const place = placeOf(path)
    if (slot.is === 'literal') literalSlot(value, slot.why, slot.code, place, shape)
    if (slot.is === 'schema') checkLiteralBelow(value, place, shape)
    if (slot.is === 'expression' || slot.is === 'later') {
      const holder = valueIn(stage, place.slice(stagePath.length, -1))
      if (isJsonObject(holder)) bareExpression(holder as Mutable, String(place.at(-1)), place, shape)
      settled.set(keyOf(path), { path })
    }
    if (slot.is === 'prompt' && isJsonObject(value)) {
      promptFile(value, place, shape)
      settled.set(keyOf(path), { path, standIn: 'text' })
    }
  }
  return settled
}

/** A schema is fixed before the run starts. */
function checkLiteralBelow(value: Json, place: Path, shape: Shape): void {
  checkLiterals({ [String(place.at(-1))]: value }, place.slice(0, -1), [String(place.at(-1))], shape)
}

function literalSlot(value: Json, why: string, code: string | undefined, place: Path, shape: Shape): void {
  if (typeof value !== 'string' || !hasTemplate(value)) return
  const { places, report } = shape
  if (code !== 'expression_in_command') {
    report(diagnostics.template_not_allowed(places.spanOf(place), `"${String(place.at(-1))}"`, why))
    return
  }
  for (let at = templateAt(value); at !== -1; ) {
    const close = templateEnd(value, at)
    const end = close === -1 ? value.length : close
    report(diagnostics.expression_in_command(places.spanIn(place, at, end), why))
    at = templateAt(value, end)
  }
}

/** `{ file: path }`: one key, a literal text. */
function promptFile(prompt: JsonObject, place: Path, shape: Shape): void {
  const { places, report } = shape
  for (const key of Object.keys(prompt)) {
    if (key === 'file') continue
    const span = places.keySpanOf([...place, key])
    report(
      diagnostics.unknown_key(
        span,
        key,
        `"${String(place.at(-1))}"`,
        undefined,
        'A prompt is text, or { file: path }.',
      ),
    )
  }
  const { file } = prompt
  const filePlace = [...place, 'file']
  if (file === undefined) {
    report(diagnostics.missing_key(places.keySpanOf(place), 'file', `"${String(place.at(-1))}"`))
  } else if (typeof file !== 'string') {
    report(diagnostics.wrong_type(places.spanOf(filePlace), '"file"', 'a text', foundWords(file), undefined))
  } else if (hasTemplate(file)) {
    const why = 'The file is read when the pipeline is compiled; what is inside may hold ${{ }}.'
    report(diagnostics.template_not_allowed(places.spanOf(filePlace), '"file"', why))
  }
}

/** A copy of the configuration in which settled places hold their stand-ins. */
function withStandIns(config: Json, settled: ReadonlyMap<string, Settled>): Json {
  const replaced = [...settled.values()].filter(({ standIn }) => standIn !== undefined)
  return replaced.reduce((copy, { path, standIn }) => replacedAt(copy, path, standIn as Json), config)
}
