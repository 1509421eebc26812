/**
 * What a pipeline declares, worked out once between parse and check: schemas in JSON Schema form, prompt files as text,
 * sources of functions by digest. Rules and the plan phase both read it.
 */
import type { Diagnostic } from '../foundation/diagnostic.ts'
import { isJsonObject, type Json, type JsonObject } from '../foundation/json.ts'
import type { JsonSchema } from '../foundation/plan.ts'
import type { Source, Span } from '../foundation/source.ts'
import type { RegisteredFunction, StageKind } from '../foundation/stage-kind.ts'
import type { CompileContext } from './context.ts'
import { type InnerSchema, schemasIn, withSchemas } from './inner-schemas.ts'
import { withoutLists } from './own-config.ts'
import type { ParsedPipeline, Path } from './parsed.ts'
import { createPromptReader, type Prompt } from './prompts.ts'
import { readReferences } from './references.ts'
import { declareSchemas, type SchemasAt } from './schemas.ts'
import { hasTemplate } from './spec/templates.ts'
import { pathInStage } from './spec.ts'
import { type ListedStage, readTree, type StageTree } from './stage-tree.ts'

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
  readonly stage: ListedStage
  readonly id: string
  readonly kind: StageKind
  /** The configuration as written, without the stages inside. */
  readonly config: Json
  /** Path in the document of a place in the configuration. */
  configPath(path: Path): Path
  /** What `output:` says, if anything. */
  readonly output: JsonSchema | undefined
  /** What expressions may expect of its output: `output:`, or what the kind knows of itself. */
  readonly result: JsonSchema
  readonly prompts: readonly Prompt[]
  /** Schemas that stand in the configuration. */
  readonly schemas: readonly InnerSchema[]
  /** The registered function that `uses:` names. */
  readonly registered: RegisteredFunction | undefined
  /** The pipeline that `pipeline` names, where it could be read. */
  readonly child: ChildDeclaration | undefined
}

/** A pipeline that is a stage of another. */
export interface ChildDeclaration {
  readonly parsed: ParsedPipeline
  readonly declarations: Declarations
  /** The type of its outputs, together. */
  readonly outputs: JsonSchema
  /** Absolute path of its folder. */
  readonly directory: string
}

/** Reads the pipeline in the file that is written as `path` at `span`; faults are told, also those inside it. */
export type OpenChild = (path: string, span: Span) => ChildDeclaration | undefined

export interface Declarations {
  readonly inputs: ReadonlyMap<string, InputDeclaration>
  readonly vars: ReadonlyMap<string, VariableDeclaration>
  /** Environment variables with their defaults. */
  readonly env: ReadonlyMap<string, string | undefined>
  readonly secrets: ReadonlySet<string>
  readonly tree: StageTree
  /** Stages that are whole enough to be looked at, those inside others included, in the order of `tree.all`. */
  readonly stages: readonly StageDeclaration[]
  of(stage: ListedStage): StageDeclaration | undefined
  /** Source files of functions and reducers by the path written, with their sha-256. */
  readonly files: Readonly<Record<string, string>>
  /** Sources of prompt files, for code frames. */
  readonly sources: readonly Source[]
}

export interface Declared {
  readonly declarations: Declarations
  readonly diagnostics: readonly Diagnostic[]
}

export function declare(parsed: ParsedPipeline, context: CompileContext, openChild: OpenChild): Declared {
  const found: Diagnostic[] = []
  const report = (diagnostic: Diagnostic) => void found.push(diagnostic)
  const schemas = declareSchemas(parsed, report)
  const tree = readTree(parsed, context.kinds)
  const references = readReferences(parsed, tree.all, context, report)
  const promptsOf = createPromptReader(parsed, context.files, report)
  const stages = tree.all.flatMap((stage): StageDeclaration[] => {
    const { kind, spec, path: base } = stage
    if (!kind || typeof spec.id !== 'string') return []
    const config = withoutLists(spec, kind)
    const configPath = (path: Path): Path => [...base, ...pathInStage(kind, path)]
    const output = spec.output === undefined ? undefined : schemas.at([...base, 'output'])
    const inside = schemasIn({ kind, config, configPath }, schemas)
    const result = kind.outputSchema?.(withSchemas(config, inside), output) ?? output ?? true
    const prompts = promptsOf({ kind, config, configPath })
    const registered = references.registered.get(stage)
    const file = kind.body?.kind === 'pipeline' ? spec.pipeline : undefined
    const isFile = typeof file === 'string' && !hasTemplate(file)
    const child = isFile ? openChild(file, parsed.spanOf([...base, 'pipeline'])) : undefined
    const own = { stage, id: spec.id, kind, config, configPath, output, result }
    return [{ ...own, prompts, schemas: inside, registered, child }]
  })
  const declaredAt = new Map(stages.map((each) => [each.stage, each]))
  const declarations: Declarations = {
    inputs: declareInputs(parsed, schemas),
    vars: declareVariables(parsed, schemas),
    env: new Map((parsed.spec.env ?? []).flatMap(envEntry)),
    secrets: new Set((parsed.spec.secrets ?? []).filter((name) => typeof name === 'string')),
    tree,
    stages,
    of: (stage) => declaredAt.get(stage),
    files: references.files,
    sources: stages.flatMap(({ prompts }) => prompts.flatMap(({ source }) => source ?? [])),
  }
  return { declarations, diagnostics: found }
}

function declareInputs(parsed: ParsedPipeline, schemas: SchemasAt): Map<string, InputDeclaration> {
  const written = isJsonObject(parsed.data.inputs) ? parsed.data.inputs : {}
  return new Map(
    Object.keys(written).map((key) => {
      const path: Path = ['inputs', key]
      const schema = schemas.at(path)
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

function declareVariables(parsed: ParsedPipeline, schemas: SchemasAt): Map<string, VariableDeclaration> {
  const written = isJsonObject(parsed.data.vars) ? parsed.data.vars : {}
  return new Map(
    Object.entries(written).flatMap(([name, variable]) => {
      if (!isJsonObject(variable)) return []
      const { merge, default: preset, ...keywords } = variable
      const path: Path = ['vars', name]
      const declaration: VariableDeclaration = {
        schema: schemas.ofKeywords(keywords, path),
        merge: typeof merge === 'string' ? merge : 'last',
        ...(preset !== undefined && { default: preset }),
        path,
      }
      return [[name, declaration] as const]
    }),
  )
}

function envEntry(entry: Json | Readonly<Record<string, string>>): [string, string | undefined][] {
  if (typeof entry === 'string') return [[entry, undefined]]
  return isJsonObject(entry as Json) ? Object.entries(entry as Readonly<Record<string, string>>) : []
}
