/** Reads and compiles a pipeline file, without running anything and without LangGraph. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, extname, relative, resolve } from 'node:path'
import { compilePipeline } from '../compiler/compile.ts'
import { type Diagnostic, formatDiagnostic } from '../foundation/diagnostic.ts'
import { InputError } from '../foundation/errors.ts'
import type { Plan } from '../foundation/plan.ts'
import type { Source } from '../foundation/source.ts'
import { didYouMean } from '../foundation/suggest.ts'
import { builtinFunctions, builtinKinds } from '../stages/index.ts'
import { safeText } from './render/text.ts'

export interface LoadedPipeline {
  /** Absent when there are errors. */
  readonly plan: Plan | undefined
  readonly diagnostics: readonly Diagnostic[]
  readonly sources: ReadonlyMap<string, Source>
}

/** Throws InputError when the file cannot be read; faults in it are diagnostics. */
export function loadPipeline(file: string, cwd: string, strict = false): LoadedPipeline {
  const path = resolve(cwd, file)
  const { plan, diagnostics, sources } = compilePipeline(readPipeline(path, file), {
    path,
    name: relative(cwd, path),
    kinds: builtinKinds,
    functions: builtinFunctions,
    models: new Set(),
    strict,
  })
  return { plan, diagnostics, sources }
}

/** Every diagnostic as people read it, safe to print. */
export const formatDiagnostics = ({ diagnostics, sources }: LoadedPipeline): string =>
  safeText(diagnostics.map((each) => formatDiagnostic(each, sources)).join('\n\n'))

/** `2 errors, 1 warning` */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Diagnostic['severity']) => {
    const number = diagnostics.filter((each) => each.severity === severity).length
    return number === 0 ? [] : [`${number} ${severity}${number === 1 ? '' : 's'}`]
  }
  return [...count('error'), ...count('warning')].join(', ')
}

function readPipeline(path: string, shown: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const problem = { name: shown, message: reasonOf(error as NodeJS.ErrnoException) }
    throw new InputError('The pipeline file cannot be read.', [problem], nearbyFile(path))
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'does not exist'
  if (code === 'EISDIR') return 'is a folder'
  return code === 'EACCES' ? 'may not be read by you' : message
}

function nearbyFile(path: string): string | undefined {
  try {
    const names = readdirSync(dirname(path)).filter((name) => /^\.ya?ml$/.test(extname(name)))
    return didYouMean(basename(path), names)
  } catch {
    return undefined
  }
}
