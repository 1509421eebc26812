/** Pipelines inside a plan, and the source files that all of them name. */
import { join, relative } from 'node:path'
import type { ChildPlan } from '../../foundation/plan.ts'
import type { ChildDeclaration, Declarations } from '../declarations.ts'
import { type PlanStage, planContents } from './pipeline.ts'

/** `home` is the folder of the outermost pipeline. */
export function planChild(
  { parsed, declarations, directory }: ChildDeclaration,
  home: string,
  plan: PlanStage,
): ChildPlan {
  const { spec } = parsed
  const pipeline = { declarations, defaults: spec.defaults, home }
  const contents = planContents(spec, declarations, (stage) => plan(stage, pipeline))
  return { ...contents, directory: folderFrom(home, directory) }
}

/** Files by their path from `home`; those of the outermost pipeline as they are written there. */
export function planFiles(declared: Declarations, home: string): Record<string, string> {
  const files: Record<string, string> = { ...declared.files }
  for (const { declarations, directory } of childrenOf(declared)) {
    const folder = folderFrom(home, directory)
    for (const [path, digest] of Object.entries(declarations.files)) files[fileFrom(folder, path)] ??= digest
  }
  return files
}

/** Every pipeline inside, each once. */
function childrenOf(declared: Declarations, known = new Set<ChildDeclaration>()): ReadonlySet<ChildDeclaration> {
  for (const { child } of declared.stages) {
    if (!child || known.has(child)) continue
    known.add(child)
    childrenOf(child.declarations, known)
  }
  return known
}

const folderFrom = (home: string, directory: string): string => slashed(relative(home, directory)) || '.'

function fileFrom(folder: string, path: string): string {
  if (path.startsWith('/')) return path
  const joined = slashed(join(folder, path))
  return joined.startsWith('..') || joined.startsWith('/') ? joined : `./${joined}`
}

const slashed = (path: string): string => path.replaceAll('\\', '/')
