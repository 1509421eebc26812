/**
 * What a pipeline names outside itself: functions of `uses:`, reducers of `merge:`, models. Files are read and lexed,
 * never imported.
 */
import type { Diagnostic } from '../foundation/diagnostic.ts'
import { diagnostics } from '../foundation/diagnostics.ts'
import { isJsonObject } from '../foundation/json.ts'
import { mergeNames } from '../foundation/plan.ts'
import type { Span } from '../foundation/source.ts'
import type { RegisteredFunction } from '../foundation/stage-kind.ts'
import { suggest } from '../foundation/suggest.ts'
import { parseReference, type Reference } from '../foundation/uses/reference.ts'
import { resolvePackage } from '../foundation/uses/resolve-package.ts'
import type { CompileContext } from './context.ts'
import { readExports } from './exports.ts'
import { isFault } from './files.ts'
import type { ParsedPipeline } from './parsed.ts'
import { hasTemplate } from './spec/templates.ts'

type Report = (diagnostic: Diagnostic) => void

export interface References {
  /** The registered function of a stage, by its index. */
  readonly registered: ReadonlyMap<number, RegisteredFunction>
  /** Files named, by the path written, with their sha-256. */
  readonly files: Readonly<Record<string, string>>
}

export function readReferences(parsed: ParsedPipeline, context: CompileContext, report: Report): References {
  const registered = new Map<number, RegisteredFunction>()
  const files: Record<string, string> = {}
  for (const [index, stage] of parsed.spec.stages.entries()) {
    checkModel(parsed, context, index, report)
    const written = stage.uses
    if (typeof written !== 'string' || hasTemplate(written)) continue
    const span = parsed.spanOf(['stages', index, 'uses'])
    const reference = parseReference(written)
    if (!reference) report(diagnostics.bad_reference(span, written))
    else if (reference.kind !== 'name') checkExport(reference, span, context, files, report)
    else {
      const found = context.functions.get(reference.name)
      if (found) registered.set(index, found)
      else report(unknownFunction(span, reference.name, context))
    }
  }
  for (const [span, merge] of reducers(parsed)) {
    const reference = parseReference(merge)
    if (reference?.kind === 'file') checkExport(reference, span, context, files, report)
    else if (merge.startsWith('.')) report(diagnostics.bad_reference(span, merge))
  }
  return { registered, files }
}

/** Every `merge:` that is none of the built-in names. */
function reducers({ data, spanOf }: ParsedPipeline): [Span, string][] {
  const vars = isJsonObject(data.vars) ? data.vars : {}
  return Object.entries(vars).flatMap(([name, variable]): [Span, string][] => {
    const merge = isJsonObject(variable) ? variable.merge : undefined
    const isName = typeof merge !== 'string' || (mergeNames as readonly string[]).includes(merge)
    return isName ? [] : [[spanOf(['vars', name, 'merge']), merge]]
  })
}

function unknownFunction(span: Span, name: string, { functions }: CompileContext): Diagnostic {
  const names = [...functions.keys()]
  return diagnostics.unknown_registered_function(span, name, suggest(name, names), names)
}

function checkExport(
  reference: Exclude<Reference, { kind: 'name' }>,
  span: Span,
  context: CompileContext,
  files: Record<string, string>,
  report: Report,
): void {
  const found = exportFault(reference, span, context, files)
  if (found) report(found)
}

function exportFault(
  reference: Exclude<Reference, { kind: 'name' }>,
  span: Span,
  context: CompileContext,
  files: Record<string, string>,
): Diagnostic | undefined {
  const { files: reader } = context
  const written = reference.kind === 'file' ? reference.path : reference.specifier
  const path = reference.kind === 'file' ? reference.path : resolvePackage(reference.specifier, reader.directory)
  if (path === undefined) return diagnostics.package_unreadable(span, written, reader.directory)
  const found = reader.read(path)
  if (isFault(found)) return diagnostics.file_unreadable(span, written, found.reason, reader.directory)
  if (reference.kind === 'file') files[written] = found.digest
  const exported = readExports(found.text, path)
  if ('code' in exported) return diagnostics.not_erasable(span, written, exported.message, exported.line)
  if (exported.open || exported.names.includes(reference.export)) return undefined
  const near = suggest(reference.export, exported.names)
  return diagnostics.export_missing(span, written, reference.export, exported.names, near)
}

/** `model:` names an entry of `models:`, a model of the host, or `provider:model`; without it there has to be a default. */
function checkModel(
  { data, spec, spanOf, keySpanOf }: ParsedPipeline,
  context: CompileContext,
  index: number,
  report: Report,
): void {
  const llm = spec.stages[index]?.llm
  if (!isJsonObject(llm as never)) return
  const { model } = llm as { readonly model?: unknown }
  const declared = isJsonObject(data.models) ? Object.keys(data.models) : []
  if (model === undefined) {
    const known = declared.includes('default') || context.models.has('default')
    if (!known) report(diagnostics.unknown_model(keySpanOf(['stages', index, 'llm']), undefined, undefined))
    return
  }
  if (typeof model !== 'string' || hasTemplate(model) || model.includes(':')) return
  const names = [...declared, ...context.models]
  if (names.includes(model)) return
  report(diagnostics.unknown_model(spanOf(['stages', index, 'llm', 'model']), model, suggest(model, names)))
}
