/** The functions of 09-licence-audit.yaml. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

export interface Package {
  readonly name: string
  readonly version: string
  readonly licence: string
  readonly path: string
}

interface Context {
  readonly directory: string
  readonly signal: AbortSignal
  progress(fraction: number, message?: string): void
}

/** Reads package.json files; those without a name and a version describe no package and are left out. */
export async function readPackages(
  { files }: { readonly files: readonly string[] },
  context: Context,
): Promise<Package[]> {
  const packages: Package[] = []
  for (const [index, path] of files.entries()) {
    context.signal.throwIfAborted()
    const text = await readFile(resolve(context.directory, path), 'utf8')
    const { name, version, license, licenses } = parse(text)
    if (typeof name === 'string' && typeof version === 'string') {
      packages.push({ name, version, licence: nameOf(license ?? licenses), path })
    }
    if (index % 50 === 0) context.progress(index / files.length, path)
  }
  return packages
}

/** Counts licences, and lists the packages none of whose alternatives (`A OR B`) is allowed. */
export function checkLicences({
  packages,
  allowed,
}: {
  readonly packages: readonly Package[]
  readonly allowed: readonly string[]
}) {
  const counts: Record<string, number> = {}
  for (const { licence } of packages) counts[licence] = (counts[licence] ?? 0) + 1
  const refused = packages
    .filter(({ licence }) => !isAllowed(licence, allowed))
    .map(({ name, version, licence }) => ({ name, version, licence }))
  return { counts, refused }
}

export function findDuplicates({ packages }: { readonly packages: readonly Package[] }) {
  const versions = new Map<string, Set<string>>()
  for (const { name, version } of packages) versions.set(name, (versions.get(name) ?? new Set()).add(version))
  return [...versions]
    .filter(([, found]) => found.size > 1)
    .map(([name, found]) => ({ name, versions: [...found].sort() }))
    .sort((a, b) => a.name.localeCompare(b.name))
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {} // test fixtures of packages are broken on purpose
  }
}

function nameOf(license: unknown): string {
  if (typeof license === 'string') return license
  if (Array.isArray(license)) return license.map(nameOf).join(' OR ')
  if (typeof license === 'object' && license !== null && 'type' in license) return String(license.type)
  return 'none stated'
}

/** SPDX expressions as far as package.json files use them: OR of ANDs, with parentheses around the whole. */
function isAllowed(licence: string, allowed: readonly string[]): boolean {
  const plain = licence.replace(/^\((.*)\)$/, '$1')
  return plain.split(' OR ').some((choice) => choice.split(' AND ').every((each) => allowed.includes(each.trim())))
}
