/**
 * What a pipeline names outside itself: functions of `uses:`, reducers of `merge:`, models. Files are read and lexed,
 * never imported.
 */
import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Diagnostic } from '../foundation/diagnostic.ts'
import { diagnostics } from '../foundation/diagnostics.ts'
import { isJsonObject } from '../foundation/json.ts'
import type { Span } from '../foundation/source.ts'
import type { RegisteredFunction } from '../foundation/stage-kind.ts'
import { suggest } from '../foundation/suggest.ts'
import { parseReference, type Reference } from '../foundation/uses/reference.ts'
import { resolvePackage } from '../foundation/uses/resolve-package.ts'
import type { CompileContext } from './context.ts'
import { type ModuleExports, readExports, type UnreadableModule } from './exports.ts'
import { type FileFault, type FileReader, fileDiagnostic, isFault } from './files.ts'
import type { ParsedPipeline } from './parsed.ts'
import { hasTemplate } from './spec/templates.ts'
import type { ListedStage } from './stage-tree.ts'

type Report = (diagnostic: Diagnostic) => void

export interface References {
  /** The registered function of a stage. */
  readonly registered: ReadonlyMap<ListedStage, RegisteredFunction>
  /** Files named, by the path written, with their sha-256. */
  readonly files: Readonly<Record<string, string>>
}

export function readReferences(
  parsed: ParsedPipeline,
  stages: readonly ListedStage[],
  context: CompileContext,
  report: Report,
): References {
  const registered = new Map<ListedStage, RegisteredFunction>()
  const exporters = createExporters(context.files)
  for (const stage of stages) {
    checkModel(parsed, context, stage, report)
    const written = stage.spec.uses
    if (typeof written !== 'string' || hasTemplate(written)) continue
    const span = () => parsed.spanOf([...stage.path, 'uses'])
    const reference = parseReference(written)
    const found = reference?.kind === 'name' ? context.functions.get(reference.name) : undefined
    if (found) registered.set(stage, found)
    else if (!reference) report(diagnostics.bad_reference(span(), written))
    else if (reference.kind === 'name') report(unknownFunction(span(), reference.name, context))
    else checkExport(reference, span, exporters, report)
  }
  for (const [span, merge] of reducers(parsed)) {
    const reference = parseReference(merge)
    if (reference?.kind === 'file') checkExport(reference, span, exporters, report)
    else report(diagnostics.bad_reference(span(), merge))
  }
  return { registered, files: exporters.digests }
}

/** Every `merge:` that is to be a function in a file; names are a rule's business. */
function reducers({ data, spanOf }: ParsedPipeline): [() => Span, string][] {
  const vars = isJsonObject(data.vars) ? data.vars : {}
  return Object.entries(vars).flatMap(([name, variable]): [() => Span, string][] => {
    const merge = isJsonObject(variable) ? variable.merge : undefined
    const isFile = typeof merge === 'string' && merge.startsWith('.') && !hasTemplate(merge)
    return isFile ? [[() => spanOf(['vars', name, 'merge']), merge]] : []
  })
}

function unknownFunction(span: Span, name: string, { functions }: CompileContext): Diagnostic {
  const names = [...functions.keys()]
  return diagnostics.unknown_registered_function(span, name, suggest(name, names), names)
}

type ExportReference = Exclude<Reference, { kind: 'name' }>

/** What files and packages export, each read once. */
interface Exporters {
  readonly directory: string
  find(reference: ExportReference): Exporter
  /** Of files that were named as such, by the path written. */
  readonly digests: Readonly<Record<string, string>>
}

type Exporter =
  | { readonly is: 'missing' }
  | { readonly is: 'unreadable'; readonly fault: FileFault }
  | { readonly is: 'read'; readonly module: ModuleExports | UnreadableModule }

function createExporters(files: FileReader): Exporters {
  const known = new Map<string, Exporter>()
  const digests: Record<string, string> = {}

  function look(reference: ExportReference): Exporter {
    const path = reference.kind === 'file' ? reference.path : resolvePackage(reference.specifier, files.directory)
    if (path === undefined) return { is: 'missing' }
    const found = files.read(path)
    if (isFault(found)) return { is: 'unreadable', fault: found }
    if (reference.kind === 'file') digests[reference.path] = found.digest
    const fault = loadFault(resolve(files.directory, path))
    if (fault) return { is: 'unreadable', fault }
    return { is: 'read', module: readExports(found.text, path) }
  }

  return {
    directory: files.directory,
    digests,
    find(reference) {
      const key = writtenTarget(reference)
      const found = known.get(key) ?? look(reference)
      known.set(key, found)
      return found
    },
  }
}

/** What keeps Node from importing the file, whatever stands in it; the file exists. */
function loadFault(path: string): FileFault | undefined {
  if (!/\.[cm]?[jt]s$/.test(path)) return noScript
  // where a link leads counts: packages of a workspace are linked into node_modules
  const isPackaged = /\.[cm]?ts$/.test(path) && /[\\/]node_modules[\\/]/.test(realpathSync(path))
  return isPackaged ? packagedTypes : undefined
}

/** Node tells by the end of its name how to load a file. */
const noScript: FileFault = {
  code: 'file_unreadable',
  reason: 'ends in none of .ts, .mts, .cts, .js, .mjs, .cjs, so it cannot be imported',
}

const packagedTypes: FileFault = {
  code: 'file_unreadable',
  reason: 'is TypeScript inside node_modules, which Node does not import',
}

const writtenTarget = (reference: ExportReference): string =>
  reference.kind === 'file' ? reference.path : reference.specifier

function checkExport(reference: ExportReference, span: () => Span, exporters: Exporters, report: Report): void {
  const written = writtenTarget(reference)
  const found = exporters.find(reference)
  if (found.is === 'missing') report(diagnostics.package_unreadable(span(), written, exporters.directory))
  else if (found.is === 'unreadable') report(fileDiagnostic(span(), written, found.fault, exporters.directory))
  else if ('code' in found.module) {
    const { code, message, line } = found.module
    report(diagnostics.not_erasable(span(), written, message, line, code === 'not_a_module'))
  } else if (!found.module.open && !found.module.names.includes(reference.export)) {
    const { names } = found.module
    report(diagnostics.export_missing(span(), written, reference.export, names, suggest(reference.export, names)))
  }
}

/** `model:` names an entry of `models:`, a model of the host, or `provider:model`; without it there has to be a default. */
function checkModel(
  { data, spanOf, keySpanOf }: ParsedPipeline,
  context: CompileContext,
  { spec: { llm }, path }: ListedStage,
  report: Report,
): void {
  if (!isJsonObject(llm as never)) return
  const { model } = llm as { readonly model?: unknown }
  const declared = isJsonObject(data.models) ? Object.keys(data.models) : []
  if (model === undefined) {
    const known = declared.includes('default') || context.models.has('default')
    if (!known) report(diagnostics.unknown_model(keySpanOf([...path, 'llm']), undefined, undefined))
    return
  }
  if (typeof model !== 'string' || hasTemplate(model) || model.includes(':')) return
  const names = [...declared, ...context.models]
  if (names.includes(model)) return
  report(diagnostics.unknown_model(spanOf([...path, 'llm', 'model']), model, suggest(model, names)))
}
