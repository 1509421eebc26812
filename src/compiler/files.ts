/** Files beside a pipeline (prompts, sources of functions), read at most once per compile. Faults are values. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Diagnostic } from '../foundation/diagnostic.ts'
import { diagnostics } from '../foundation/diagnostics.ts'
import type { Span } from '../foundation/source.ts'

/** A file that is compiled in may have at most so many bytes. */
const maxFileBytes = 4 * 1024 * 1024

export interface ReadFile {
  readonly text: string
  /** sha-256 of the text, hex. */
  readonly digest: string
}

export interface FileFault {
  readonly code: 'file_unreadable' | 'file_not_text'
  /** Reads on from the file's name: `does not exist`. */
  readonly reason: string
}

export interface FileReader {
  /** Absolute path of the folder that relative paths start at. */
  readonly directory: string
  read(path: string): ReadFile | FileFault
  /** How diagnostics call a file, in the manner in which they call the pipeline's. */
  nameOf(path: string): string
  /** The same for paths that start at the folder of a file, which is written as `path` here. */
  beside(path: string): FileReader
}

export const isFault = (found: ReadFile | FileFault): found is FileFault => 'code' in found

/** `shownFolder` is how people see `directory` from where they stand: `examples`, or `.`. */
export function createFileReader(
  directory: string,
  shownFolder = '.',
  known = new Map<string, ReadFile | FileFault>(),
): FileReader {
  const nameOf = (path: string) => (isAbsolute(path) ? path : join(shownFolder, path))
  return {
    directory,
    read(path) {
      const absolute = resolve(directory, path)
      const found = known.get(absolute) ?? readText(absolute)
      known.set(absolute, found)
      return found
    },
    nameOf,
    beside: (path) => createFileReader(dirname(resolve(directory, path)), dirname(nameOf(path)), known),
  }
}

/** The fault of the file that is written as `path` at `span`. */
export const fileDiagnostic = (span: Span, path: string, { code, reason }: FileFault, directory: string): Diagnostic =>
  code === 'file_not_text'
    ? diagnostics.file_not_text(span, path, reason)
    : diagnostics.file_unreadable(span, path, reason, directory)

const unreadable = (reason: string): FileFault => ({ code: 'file_unreadable', reason })

function readText(path: string): ReadFile | FileFault {
  try {
    const stats = statSync(path)
    if (stats.isDirectory()) return unreadable('is a folder')
    if (!stats.isFile()) return unreadable('is no ordinary file') // a pipe or a device may never end
    if (stats.size > maxFileBytes) return unreadable(`has ${stats.size} bytes; at most ${maxFileBytes} are read`)
    const bytes = readFileSync(path)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (text.includes('\0')) return { code: 'file_not_text', reason: 'holds bytes that are no text' }
    return { text, digest: createHash('sha256').update(text).digest('hex') }
  } catch (error) {
    return fileFault(error as NodeJS.ErrnoException, path)
  }
}

function fileFault({ code = '', message }: NodeJS.ErrnoException, path: string): FileFault {
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { code: 'file_not_text', reason: 'is not UTF-8 text' }
  const typescript = path.replace(/\.([cm]?)js$/, '.$1ts')
  if (code === 'ENOENT' && typescript !== path && existsSync(typescript)) {
    return unreadable(`does not exist, but ${typescript.slice(typescript.lastIndexOf('.'))} does`)
  }
  return unreadable(reasons.get(code) ?? `cannot be read: ${message}`)
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'does not exist'],
  ['ENOTDIR', 'does not exist'],
  ['EACCES', 'may not be read'],
  ['EPERM', 'may not be read'],
  ['ELOOP', 'is a link that leads to itself'],
  ['ENAMETOOLONG', 'has a name that is too long for a file'],
  ['ERR_INVALID_ARG_VALUE', 'is no name of a file'],
])
