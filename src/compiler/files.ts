/** Files beside a pipeline (prompts, sources of functions), read at most once per compile. Faults are values. */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'

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
}

export const isFault = (found: ReadFile | FileFault): found is FileFault => 'code' in found

export function createFileReader(directory: string): FileReader {
  const known = new Map<string, ReadFile | FileFault>()
  return {
    directory,
    read(path) {
      const absolute = resolve(directory, path)
      const found = known.get(absolute) ?? readText(absolute)
      known.set(absolute, found)
      return found
    },
  }
}

function readText(path: string): ReadFile | FileFault {
  try {
    const { size } = statSync(path)
    if (size > maxFileBytes)
      return { code: 'file_unreadable', reason: `has ${size} bytes; at most ${maxFileBytes} are read` }
    const bytes = readFileSync(path)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (text.includes('\0')) return { code: 'file_not_text', reason: 'holds bytes that are no text' }
    return { text, digest: createHash('sha256').update(text).digest('hex') }
  } catch (error) {
    return fileFault(error as NodeJS.ErrnoException)
  }
}

function fileFault({ code, message }: NodeJS.ErrnoException): FileFault {
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { code: 'file_not_text', reason: 'is not UTF-8 text' }
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'does not exist',
    ENOTDIR: 'does not exist',
    EISDIR: 'is a folder',
    EACCES: 'may not be read',
    EPERM: 'may not be read',
  }
  return { code: 'file_unreadable', reason: reasons[code ?? ''] ?? `cannot be read: ${message}` }
}
