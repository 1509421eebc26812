/** What the `fs/*` functions share: where paths start, and what the operating system says in words. */
import { resolve } from 'node:path'
import { StageError } from '../../foundation/errors.ts'
import type { FunctionContext } from '../../foundation/stage-kind.ts'

/** Relative paths start at the pipeline's folder. */
export function absolute(path: string, { directory }: FunctionContext): string {
  if (path.includes('\0')) throw refused('A path cannot hold the NUL character.', path)
  return resolve(directory, path)
}

export const refused = (message: string, path: string, code = 'bad_path'): StageError =>
  new StageError(message, { category: 'validation', code, details: { path }, retryable: false })

const meanings: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'access is denied',
  EPERM: 'the operation is not permitted',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is no folder',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
  ELOOP: 'it is a loop of symbolic links',
  ENAMETOOLONG: 'the name is too long',
}

/** A StageError for what a file operation threw: `Could not read "x": it does not exist.` */
export function fileError(verb: string, path: string, cause: unknown): StageError {
  if (cause instanceof StageError) return cause
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
  return new StageError(`Could not ${verb} "${path}": ${meanings[code] ?? String(cause)}.`, {
    category: code === 'ENOENT' ? 'validation' : 'internal',
    code: code === 'ENOENT' ? 'file_missing' : 'file_error',
    cause,
    details: { path, error: code },
  })
}
