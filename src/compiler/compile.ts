/**
 * The compiler's front door: text in, plan and diagnostics out. Synchronous; imports nothing of the user's, and knows
 * nothing of LangGraph.
 *
 *   const { plan, diagnostics } = compilePipeline(text, { path: 'report.yaml', kinds, functions, models })
 */
import { dirname, relative, resolve } from 'node:path'
import { type Diagnostic, hasErrors, sortDiagnostics } from '../foundation/diagnostic.ts'
import type { Plan } from '../foundation/plan.ts'
import { createSource, type Source } from '../foundation/source.ts'
import type { RegisteredFunction, StageKinds } from '../foundation/stage-kind.ts'
import { createFileReader } from './files.ts'
import { makePlan } from './phases/3-plan.ts'
import { createUnits } from './units.ts'

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
  const { kinds, functions, models, strict = false } = request
  const files = createFileReader(directory, dirname(source.name))
  const units = createUnits({ kinds, functions, models, strict, files })
  const unit = units.open(source, file)
  const found = sortDiagnostics(units.diagnostics)
  const { sources } = units
  if (!unit || hasErrors(found)) return { diagnostics: found, sources }
  return { plan: makePlan(unit.parsed, unit.declarations, { file, directory }), diagnostics: found, sources }
}

function shownName(file: string | null): string {
  if (file === null) return '<pipeline>'
  const fromHere = relative(process.cwd(), file)
  return fromHere === '' || fromHere.startsWith('..') ? file : fromHere
}
