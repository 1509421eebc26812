/**
 * Finds the file that a package's export lives in, as `import` would from the pipeline's folder.
 *
 * `import.meta.resolve` cannot start from another folder, and `require.resolve` does not see packages that can only be
 * imported; hence this small reading of `exports`.
 */
import { readFileSync } from 'node:fs'
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
  const { exports, main } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: unknown; main?: unknown }
  const wanted = `.${rest}`
  const target = exports == null ? plainTarget(wanted, main) : exportTarget(exports, wanted)
  if (target === undefined) return undefined
  const file = resolve(root, target)
  return file.startsWith(root + sep) ? file : undefined
}

function findManifest(name: string, directory: string): string | undefined {
  try {
    return findPackageJSON(name, join(directory, 'pipeline.js'))
  } catch {
    return undefined
  }
}

const plainTarget = (wanted: string, main: unknown): string =>
  wanted === '.' ? (typeof main === 'string' ? main : 'index.js') : wanted

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
