/**
 * The compiler's front door: text in, plan and diagnostics out. Synchronous; imports nothing of the user's, and knows
 * nothing of LangGraph.
 *
 *   const { plan, diagnostics } = compilePipeline(text, { path: 'report.yaml', kinds, functions, models })
 */
import { dirname, relative, resolve } from 'node:path'
import { type Diagnostic, hasErrors, sortDiagnostics } from '../foundation/diagnostic.ts'
import { diagnostics } from '../foundation/diagnostics.ts'
import type { Plan } from '../foundation/plan.ts'
import { createSource, type Source } from '../foundation/source.ts'
import type { RegisteredFunction, StageKinds } from '../foundation/stage-kind.ts'
import { declare } from './declarations.ts'
import { createFileReader } from './files.ts'
import { parse } from './phases/1-parse.ts'
import { check } from './phases/2-check.ts'
import { makePlan } from './phases/3-plan.ts'
import { maxWrittenOut, textLength } from './text-length.ts'

export interface CompileRequest {
  /** Path of the file the text is from; relative paths start at its folder. */
  readonly path?: string
  /** How diagnostics call the text; its path from here by default. */
  readonly name?: string
  readonly kinds: StageKinds
  /** Registered functions by name, built-in ones included. */
  readonly functions: ReadonlyMap<string, RegisteredFunction>
  /** Names of models that the host registers. */
  readonly models: ReadonlySet<string>
  readonly strict?: boolean
}

export interface CompileResult {
  /** Absent when there is an error. */
  readonly plan?: Plan
  /** In the order of their places. */
  readonly diagnostics: readonly Diagnostic[]
  /** By name, for code frames. */
  readonly sources: ReadonlyMap<string, Source>
}

/** Never throws because of what stands in the text. */
export function compilePipeline(text: string, request: CompileRequest): CompileResult {
  const file = request.path === undefined ? null : resolve(request.path)
  const directory = file === null ? process.cwd() : dirname(file)
  const source = createSource(request.name ?? shownName(file), text)
  const { parsed, diagnostics: parseFaults } = parse(source, request.kinds)
  const sources = new Map([[source.name, source]])
  if (!parsed) return { diagnostics: sortDiagnostics(parseFaults), sources }
  if (textLength(parsed.data) > maxWrittenOut) {
    return { diagnostics: [diagnostics.too_many_aliases(source.span(0, 0), maxWrittenOut)], sources }
  }

  const { kinds, functions, models, strict = false } = request
  const context = { kinds, functions, models, strict, files: createFileReader(directory, dirname(source.name)) }
  const { declarations, diagnostics: declaredFaults } = declare(parsed, context)
  for (const each of declarations.sources) sources.set(each.name, each)
  const checkFaults = check(parsed, declarations, context)
  const found = sortDiagnostics([...parseFaults, ...declaredFaults, ...untold(checkFaults, parseFaults)])
  if (hasErrors(found)) return { diagnostics: found, sources }
  return { plan: makePlan(parsed, declarations, { file, directory }), diagnostics: found, sources }
}

function shownName(file: string | null): string {
  if (file === null) return '<pipeline>'
  const fromHere = relative(process.cwd(), file)
  return fromHere === '' || fromHere.startsWith('..') ? file : fromHere
}

/** Warnings about a place that a trap was found at say the same fault again. */
function untold(found: readonly Diagnostic[], told: readonly Diagnostic[]): readonly Diagnostic[] {
  const places = new Set(told.map(({ span }) => `${span.file} ${span.start.offset}`))
  return found.filter(({ severity, span }) => severity === 'error' || !places.has(`${span.file} ${span.start.offset}`))
}
