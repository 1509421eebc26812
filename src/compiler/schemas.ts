/** The schemas that a pipeline declares, read where they stand, with their faults told there. */
import type { Diagnostic } from '../foundation/diagnostic.ts'
import { diagnostics } from '../foundation/diagnostics.ts'
import { isJsonObject, type JsonObject } from '../foundation/json.ts'
import type { JsonSchema } from '../foundation/plan.ts'
import { createSchemaReader, type Normalized, type SchemaFault } from '../foundation/schema/normalize.ts'
import type { ParsedPipeline, Path } from './parsed.ts'

/** What all schemas of a pipeline may come to, types put in: they are all in the plan. Characters. */
const maxTotalLength = 8 * 1024 * 1024

export interface SchemasAt {
  /** The schema that stands at `path`; `true` when none does. */
  at(path: Path): JsonSchema
  /** The schema that `keywords`, which stand at `path`, make. */
  ofKeywords(keywords: JsonObject, path: Path): JsonSchema
}

type Places = Pick<ParsedPipeline, 'spanOf' | 'keySpanOf'>

/** Reports the faults of named types at once, those of other schemas when they are asked for. */
export function declareSchemas(parsed: ParsedPipeline, report: (diagnostic: Diagnostic) => void): SchemasAt {
  const types = isJsonObject(parsed.data.types) ? parsed.data.types : {}
  const reader = createSchemaReader(types)
  let total = 0

  function settle({ schema, faults, length }: Normalized, path: Path): JsonSchema {
    for (const fault of faults) report(faultDiagnostic(fault, path, parsed))
    total += length
    if (total <= maxTotalLength) return schema
    if (total - length <= maxTotalLength) report(diagnostics.bad_schema(parsed.spanOf(path), tooMuch))
    return true
  }

  for (const name of Object.keys(types)) {
    if (!/^[A-Z]\w*$/.test(name)) report(diagnostics.bad_type_name(parsed.keySpanOf(['types', name]), name))
    for (const fault of reader.readType(name).faults) report(faultDiagnostic(fault, ['types', name], parsed))
  }
  for (const cycle of reader.cycles) {
    report(diagnostics.type_cycle(parsed.keySpanOf(['types', cycle[0] as string]), cycle.join(' → ')))
  }
  return {
    at(path) {
      const written = parsed.valueAt(path)
      return written === undefined ? true : settle(reader.read(written), path)
    },
    ofKeywords: (keywords, path) => settle(reader.readKeywords(keywords), path),
  }
}

const tooMuch = `The schemas of a pipeline, with the types in them, may have ${maxTotalLength} characters together.`

function faultDiagnostic(
  { code, path, atKey, name, message, near }: SchemaFault,
  base: Path,
  places: Places,
): Diagnostic {
  const place = [...base, ...path]
  const span = atKey ? places.keySpanOf(place) : places.spanOf(place)
  switch (code) {
    case 'bad_schema':
      return diagnostics.bad_schema(span, message)
    case 'unknown_type':
      return diagnostics.unknown_type(span, name, near)
    case 'mixed_schema':
      return diagnostics.mixed_schema(span, name, near)
  }
}
