/** Schemas that stand in the configuration of a stage, such as the form of a question. */
import { isJsonObject, type Json } from '../foundation/json.ts'
import type { JsonSchema } from '../foundation/plan.ts'
import type { StageKind } from '../foundation/stage-kind.ts'
import type { Path } from './parsed.ts'
import type { SchemasAt } from './schemas.ts'
import { slotPlaces } from './spec/slots.ts'

export interface InnerSchema {
  readonly configPath: Path
  readonly schema: JsonSchema
}

interface Configured {
  readonly kind: StageKind
  readonly config: Json
  readonly configPath: (path: Path) => Path
}

export const schemasIn = ({ kind, config, configPath }: Configured, schemas: SchemasAt): readonly InnerSchema[] =>
  slotPlaces(kind, config).flatMap(({ slot, path }) =>
    slot.is === 'schema' ? [{ configPath: path, schema: schemas.at(configPath(path)) }] : [],
  )

/** The configuration with its schemas in the one form that they have everywhere else. */
export const withSchemas = (config: Json, schemas: readonly InnerSchema[]): Json =>
  schemas.reduce((all, { configPath, schema }) => replacedAt(all, configPath, schema as Json), config)

function replacedAt(value: Json, [step, ...rest]: Path, by: Json): Json {
  if (step === undefined) return by
  if (Array.isArray(value))
    return value.map((item: Json, index) => (index === step ? replacedAt(item, rest, by) : item))
  return isJsonObject(value) ? { ...value, [step]: replacedAt(value[String(step)] ?? null, rest, by) } : value
}
