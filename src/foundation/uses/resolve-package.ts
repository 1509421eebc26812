/**
 * Finds the file that a package's export lives in, as `import` would from the pipeline's folder.
 *
 * `import.meta.resolve` cannot start from another folder, and `require.resolve` does not see packages that can only be
 * imported; hence this small reading of `exports`.
 */
import { readFileSync, statSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { dirname, join, resolve, sep } from 'node:path'

/** Conditions under which Node imports, whatever their order here: the package's order decides. */
const conditions: ReadonlySet<string> = new Set(['node', 'import', 'module-sync', 'default'])

/** Absolute path of the file, or undefined when there is no such package or it exports no such thing. */
export function resolvePackage(specifier: string, directory: string): string | undefined {
  const [, name, rest = ''] = /^((?:@[^/]+\/)?[^/]+)(\/.+)?$/.exec(specifier) ?? []
  const manifest = name === undefined ? undefined : findManifest(name, directory)
  if (!manifest) return undefined
  const root = dirname(manifest)
  const { exports, main } = readManifest(manifest)
  const wanted = `.${rest}`
  if (exports == null && wanted === '.') return mainFile(root, main)
  const target = exports == null ? wanted : exportTarget(exports, wanted)
  if (target === undefined) return undefined
  const file = resolve(root, target)
  return file.startsWith(root + sep) ? file : undefined
}

function readManifest(path: string): { readonly exports?: unknown; readonly main?: unknown } {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isMap(manifest) ? manifest : {}
  } catch {
    return {}
  }
}

/** `main` of a package without `exports` may leave out the end of its name. */
function mainFile(root: string, main: unknown): string | undefined {
  const named = typeof main === 'string' ? [main, `${main}.js`, `${main}.cjs`, join(main, 'index.js')] : []
  const files = [...named, 'index.js'].map((name) => resolve(root, name))
  return files.find((file) => file.startsWith(root + sep) && statSync(file, { throwIfNoEntry: false })?.isFile())
}

function findManifest(name: string, directory: string): string | undefined {
  try {
    return findPackageJSON(name, join(directory, 'pipeline.js'))
  } catch {
    return undefined
  }
}

function exportTarget(exports: unknown, wanted: string): string | undefined {
  if (!isMap(exports) || !Object.keys(exports).some((key) => key.startsWith('.'))) {
    return wanted === '.' ? pick(exports) : undefined
  }
  if (Object.hasOwn(exports, wanted)) return pick(exports[wanted])
  const best = Object.keys(exports)
    .filter((key) => key.includes('*') && fits(key, wanted))
    .sort((a, b) => b.indexOf('*') - a.indexOf('*'))[0]
  if (best === undefined) return undefined
  const [before = '', after = ''] = best.split('*')
  return pick(exports[best])?.replaceAll('*', wanted.slice(before.length, wanted.length - after.length))
}

function fits(pattern: string, wanted: string): boolean {
  const [before = '', after = ''] = pattern.split('*')
  return wanted.length >= pattern.length && wanted.startsWith(before) && wanted.endsWith(after)
}

function pick(target: unknown): string | undefined {
  if (typeof target === 'string') return target
  if (Array.isArray(target)) return target.map(pick).find((found) => found !== undefined)
  if (!isMap(target)) return undefined
  for (const [condition, inner] of Object.entries(target)) {
    const found = conditions.has(condition) ? pick(inner) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
