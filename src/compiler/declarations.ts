/**
 * What a pipeline declares, worked out once between parse and check: schemas in JSON Schema form, prompt files as text,
 * sources of functions by digest. Rules and the plan phase both read it.
 */
import type { Diagnostic } from '../foundation/diagnostic.ts'
import { diagnostics } from '../foundation/diagnostics.ts'
import { isJsonObject, type Json, type JsonObject } from '../foundation/json.ts'
import type { JsonSchema } from '../foundation/plan.ts'
import { normalizeSchema, type SchemaFault, type WrittenTypes } from '../foundation/schema/normalize.ts'
import { isTooLarge, maxSchemaLength } from '../foundation/schema.ts'
import type { Source } from '../foundation/source.ts'
import type { RegisteredFunction, StageKind } from '../foundation/stage-kind.ts'
import type { CompileContext } from './context.ts'
import type { ParsedPipeline, Path } from './parsed.ts'
import { type Prompt, readPrompts } from './prompts.ts'
import { readReferences } from './references.ts'
import { configOf, kindOf, pathInStage } from './spec.ts'

export interface InputDeclaration {
  readonly schema: JsonSchema
  readonly required: boolean
  readonly default?: Json
  readonly description?: string
  /** Where it stands in the document. */
  readonly path: Path
}

export interface VariableDeclaration {
  readonly schema: JsonSchema
  /** As written: one of the merge names, or `./file.ts#export`. */
  readonly merge: string
  readonly default?: Json
  readonly path: Path
}

export interface StageDeclaration {
  /** Index in `stages:`. */
  readonly index: number
  readonly id: string
  readonly kind: StageKind
  /** The configuration as written. */
  readonly config: Json
  /** Path in the document of a place in the configuration. */
  configPath(path: Path): Path
  /** What `output:` says, if anything. */
  readonly output: JsonSchema | undefined
  /** What expressions may expect of its output: `output:`, or what the kind knows of itself. */
  readonly result: JsonSchema
  readonly prompts: readonly Prompt[]
  /** The registered function that `uses:` names. */
  readonly registered: RegisteredFunction | undefined
}

export interface Declarations {
  readonly inputs: ReadonlyMap<string, InputDeclaration>
  readonly vars: ReadonlyMap<string, VariableDeclaration>
  /** Environment variables with their defaults. */
  readonly env: ReadonlyMap<string, string | undefined>
  readonly secrets: ReadonlySet<string>
  /** Stages that are whole enough to be looked at, in list order. */
  readonly stages: readonly StageDeclaration[]
  /** Source files of functions and reducers by the path written, with their sha-256. */
  readonly files: Readonly<Record<string, string>>
  /** Sources of prompt files, for code frames. */
  readonly sources: readonly Source[]
}

export interface Declared {
  readonly declarations: Declarations
  readonly diagnostics: readonly Diagnostic[]
}

export function declare(parsed: ParsedPipeline, context: CompileContext): Declared {
  const found: Diagnostic[] = []
  const report = (diagnostic: Diagnostic) => void found.push(diagnostic)
  const types = declareTypes(parsed, report)
  const schemaAt = (path: Path): JsonSchema => schemaOf(parsed, path, types, report)
  const references = readReferences(parsed, context, report)
  const sources: Source[] = []
  const stages = parsed.spec.stages.flatMap((spec, index): StageDeclaration[] => {
    const kind = kindOf(spec, context.kinds)
    if (!kind || typeof spec.id !== 'string') return []
    const config = configOf(spec, kind)
    const base: Path = ['stages', index]
    const output = spec.output === undefined ? undefined : schemaAt([...base, 'output'])
    const configPath = (path: Path): Path => [...base, ...pathInStage(kind, path)]
    const { prompts, files } = readPrompts({ kind, config, configPath }, parsed, context.files, report)
    sources.push(...files)
    return [
      {
        index,
        id: spec.id,
        kind,
        config,
        configPath,
        output,
        result: kind.outputSchema?.(config, output) ?? output ?? true,
        prompts,
        registered: references.registered.get(index),
      },
    ]
  })
  return {
    declarations: {
      inputs: declareInputs(parsed, schemaAt),
      vars: declareVariables(parsed, types, report),
      env: new Map((parsed.spec.env ?? []).flatMap(envEntry)),
      secrets: new Set((parsed.spec.secrets ?? []).filter((name) => typeof name === 'string')),
      stages,
      files: references.files,
      sources,
    },
    diagnostics: found,
  }
}

type Report = (diagnostic: Diagnostic) => void

function declareTypes({ data, spanOf, keySpanOf }: ParsedPipeline, report: Report): WrittenTypes {
  const types = isJsonObject(data.types) ? data.types : {}
  for (const [name, written] of Object.entries(types)) {
    if (!/^[A-Z][A-Za-z0-9]*$/.test(name)) report(diagnostics.bad_type_name(keySpanOf(['types', name]), name))
    for (const fault of normalizeSchema(written, types, name).faults) {
      report(faultDiagnostic(fault, ['types', name], { spanOf, keySpanOf }))
    }
  }
  return types
}

function schemaOf(parsed: ParsedPipeline, path: Path, types: WrittenTypes, report: Report): JsonSchema {
  const written = parsed.valueAt(path)
  if (written === undefined) return true
  const { schema, faults } = normalizeSchema(written, types)
  for (const fault of faults) report(faultDiagnostic(fault, path, parsed))
  if (isTooLarge(schema)) {
    report(diagnostics.bad_schema(parsed.spanOf(path), `A schema may have at most ${maxSchemaLength} characters.`))
    return true
  }
  return schema
}

function faultDiagnostic(
  { code, path, atKey, name, message, near }: SchemaFault,
  base: Path,
  { spanOf, keySpanOf }: Pick<ParsedPipeline, 'spanOf' | 'keySpanOf'>,
): Diagnostic {
  const place = [...base, ...path]
  const span = atKey ? keySpanOf(place) : spanOf(place)
  switch (code) {
    case 'bad_schema':
      return diagnostics.bad_schema(span, message)
    case 'unknown_type':
      return diagnostics.unknown_type(span, name, near)
    case 'mixed_schema':
      return diagnostics.mixed_schema(span, name, near)
    case 'type_cycle':
      return diagnostics.type_cycle(keySpanOf(base), name)
  }
}

function declareInputs(parsed: ParsedPipeline, schemaAt: (path: Path) => JsonSchema): Map<string, InputDeclaration> {
  const written = isJsonObject(parsed.data.inputs) ? parsed.data.inputs : {}
  return new Map(
    Object.keys(written).map((key) => {
      const path: Path = ['inputs', key]
      const schema = schemaAt(path)
      const { default: preset, description } = schema === true ? ({} as JsonObject) : (schema as JsonObject)
      const declaration: InputDeclaration = {
        schema,
        required: !key.endsWith('?') && preset === undefined,
        ...(preset !== undefined && { default: preset }),
        ...(typeof description === 'string' && { description }),
        path,
      }
      return [key.replace(/\?$/, ''), declaration]
    }),
  )
}

function declareVariables(
  parsed: ParsedPipeline,
  types: WrittenTypes,
  report: Report,
): Map<string, VariableDeclaration> {
  const written = isJsonObject(parsed.data.vars) ? parsed.data.vars : {}
  return new Map(
    Object.entries(written).flatMap(([name, variable]) => {
      if (!isJsonObject(variable)) return []
      const { merge, default: preset, ...rest } = variable
      const path: Path = ['vars', name]
      const { schema, faults } = variableSchema(rest, types)
      for (const fault of faults) report(faultDiagnostic(fault, path, parsed))
      const declaration: VariableDeclaration = {
        schema,
        merge: typeof merge === 'string' ? merge : 'last',
        ...(preset !== undefined && { default: preset }),
        path,
      }
      return [[name, declaration] as const]
    }),
  )
}

/** `type` of a variable may hold any schema, and further keywords of a JSON Schema may stand beside it. */
function variableSchema(rest: JsonObject, types: WrittenTypes): { schema: JsonSchema; faults: readonly SchemaFault[] } {
  if (!isJsonObject(rest.type))
    return Object.keys(rest).length === 0 ? { schema: true, faults: [] } : normalizeSchema(rest, types)
  const { schema, faults } = normalizeSchema(rest.type, types)
  return { schema, faults: faults.map((fault) => ({ ...fault, path: ['type', ...fault.path] })) }
}

function envEntry(entry: Json | Readonly<Record<string, string>>): [string, string | undefined][] {
  if (typeof entry === 'string') return [[entry, undefined]]
  return isJsonObject(entry as Json) ? Object.entries(entry as Readonly<Record<string, string>>) : []
}
