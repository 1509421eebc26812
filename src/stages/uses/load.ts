/**
 * Finds the function that `uses:` names. Files are imported only here, when a stage runs: compiling imports nothing.
 *
 * An edited file is imported anew, under an address that holds a digest of its content. What it imports in turn is
 * cached by Node for the life of the process.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { StageError } from '../../foundation/errors.ts'
import { functionMark, type RegisteredFunction } from '../../foundation/stage-kind.ts'
import { didYouMean } from '../../foundation/suggest.ts'
import { parseReference, type Reference } from '../../foundation/uses/reference.ts'
import { resolvePackage } from '../../foundation/uses/resolve-package.ts'
import { loadFailure, wrongUse } from './failures.ts'
import { versionedUrl } from './place.ts'

export interface LoadedFunction {
  readonly definition: RegisteredFunction
  /** The file it lives in; absent for registered functions. */
  readonly file?: string
}

/** Functions known by name. */
export interface Functions {
  get(name: string): RegisteredFunction | undefined
  keys(): Iterable<string>
}

/** The function, in a promise unless it is there at once, or a StageError (`validation`) that says what is missing. */
export type LoadFunction = (uses: string, directory: string) => LoadedFunction | Promise<LoadedFunction>

/** Remembers what it loaded. Files are looked at again each time, and read again when they were changed. */
export function createLoader(functions: Functions): LoadFunction {
  const kept = new Map<string, Kept>()
  const references = new Map<string, Reference>()

  async function loadAnew(uses: string, reference: ScriptReference, directory: string): Promise<LoadedFunction> {
    const before = reference.kind === 'file' ? stampedFile(resolve(directory, reference.path)) : undefined
    const file = reference.kind === 'file' ? findFile(reference, directory) : findPackage(reference, directory)
    const module = await importFile(file, reference, uses, directory)
    const loaded = { definition: toDefinition(exported(module, reference.export, uses), uses), file }
    if (reference.kind === 'package') kept.set(keyOf(uses, directory), { loaded })
    else if (before) kept.set(keyOf(uses, directory), { loaded, file: before })
    return loaded
  }

  function referenceOf(uses: string): Reference {
    const known = references.get(uses)
    if (known) return known
    const parsed = parseReference(uses)
    if (!parsed) throw wrongUse(`"${uses}" names no function.`, 'Write ./file.ts#export, package#export or a name.')
    references.set(uses, parsed)
    return parsed
  }

  return (uses, directory) => {
    const reference = referenceOf(uses)
    if (reference.kind === 'name') return { definition: registered(reference.name, functions) }
    const known = kept.get(keyOf(uses, directory))
    return known && isCurrent(known) ? known.loaded : loadAnew(uses, reference, directory)
  }
}

/** What was loaded. What a package exports Node keeps for the life of the process; a file has its stamp. */
interface Kept {
  readonly loaded: LoadedFunction
  readonly file?: { readonly path: string; readonly stamp: string }
}

const keyOf = (uses: string, directory: string): string => `${directory}\n${uses}`

const isCurrent = ({ file }: Kept): boolean => file === undefined || stampOf(file.path)?.text === file.stamp

/** Milliseconds. Two edits within one tick of a file system's clock have one time. */
const settledMs = 100

/** Undefined while the file is so new that the next edit might have the same stamp. */
function stampedFile(path: string): Kept['file'] {
  const stamp = stampOf(path)
  return stamp && Date.now() - stamp.changedMs > settledMs ? { path, stamp: stamp.text } : undefined
}

function stampOf(path: string): { readonly text: string; readonly changedMs: number } | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) return undefined
  const { dev, ino, size, mtimeMs, ctimeMs } = found
  return { text: `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`, changedMs: Math.max(mtimeMs, ctimeMs) }
}

type FileReference = Extract<Reference, { kind: 'file' }>
type PackageReference = Extract<Reference, { kind: 'package' }>
type ScriptReference = FileReference | PackageReference

function registered(name: string, functions: Functions): RegisteredFunction {
  const found = functions.get(name)
  if (!found) throw wrongUse(`There is no function "${name}".`, didYouMean(name, functions.keys()))
  // What a host registers by name it means as a function; only exports of files need the mark of defineFunction.
  return hasRun(found) ? found : toDefinition(found, name)
}

function findFile({ path }: FileReference, directory: string): string {
  const file = resolve(directory, path)
  if (existsSync(file)) return realpathSync(file)
  const typescript = path.replace(/\.(m?)js$/, '.$1ts')
  const meant = typescript !== path && existsSync(resolve(directory, typescript)) ? typescript : undefined
  throw wrongUse(`There is no file "${path}" (looked for ${file}).`, meant && `Did you mean "${meant}"?`)
}

function findPackage({ specifier }: PackageReference, directory: string): string {
  const file = resolvePackage(specifier, directory)
  if (file && existsSync(file)) return realpathSync(file)
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  throw wrongUse(`There is no package "${specifier}" to be found from ${directory}.`, `Run: npm install ${name}`)
}

async function importFile(
  file: string,
  reference: ScriptReference,
  uses: string,
  directory: string,
): Promise<Record<string, unknown>> {
  const url =
    reference.kind === 'package'
      ? pathToFileURL(file).href
      : versionedUrl(file, createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16))
  try {
    return (await import(/* @vite-ignore */ url)) as Record<string, unknown>
  } catch (cause) {
    const folder = reference.kind === 'file' ? directory : dirname(file)
    throw cause instanceof StageError ? cause : loadFailure(cause, { uses, file, directory: folder })
  }
}

function exported(module: Record<string, unknown>, name: string, uses: string): unknown {
  if (Object.hasOwn(module, name)) return module[name]
  // What a CommonJS module exports may be known only by its `default`.
  const inner = module.default
  if (typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)) {
    return (inner as Record<string, unknown>)[name]
  }
  throw wrongUse(`"${uses}": there is no export "${name}".`, didYouMean(name, Object.keys(module)))
}

function toDefinition(value: unknown, uses: string): RegisteredFunction {
  if (typeof value === 'function') return { run: value as RegisteredFunction['run'] }
  if (hasRun(value) && functionMark in value) return value
  throw wrongUse(
    `"${uses}" is no function, but ${describe(value)}.`,
    'Export a function, or what defineFunction gives.',
  )
}

const hasRun = (value: unknown): value is RegisteredFunction =>
  typeof value === 'object' && value !== null && typeof (value as { run?: unknown }).run === 'function'

const describe = (value: unknown): string => (value === null ? 'null' : `a value of type ${typeof value}`)
