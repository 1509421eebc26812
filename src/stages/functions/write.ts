/**
 * `fs/write`: writes a file whole or not at all; undoing brings back what was there.
 *
 * The content goes to a temporary file in the same folder, to the disk, and then over the old one in one step, so that
 * nobody ever reads half a file.
 */
import { createHash, randomUUID } from 'node:crypto'
import { chmod, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { StageError } from '../../foundation/errors.ts'
import { defineFunction } from '../../foundation/stage-kind.ts'
import { absolute, fileError, refused } from './files.ts'

/** Content up to this size is kept in the output, so that a rollback can bring it back. */
const keptBytes = 256 * 1024

const input = z.strictObject({
  path: z.string().min(1).describe("The file, relative to the pipeline's folder; folders are made."),
  content: z.unknown().describe('Text as it is; any other value as indented JSON.'),
  encoding: z.enum(['utf8', 'base64']).default('utf8').describe('`base64`: the content is bytes in base64.'),
})

const output = z.strictObject({
  path: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  created: z.boolean().describe('There was no such file before.'),
  previous: z.string().nullable().describe('What it held before, in base64, up to 256 KB.'),
})

export const write = defineFunction({
  input,
  output,
  async run({ path, content, encoding }, context) {
    const bytes = bytesOf(content, encoding, path)
    try {
      const file = await target(absolute(path, context))
      const before = await readIfThere(file)
      await replaceFile(file, bytes, context.signal)
      const previous = before && before.length <= keptBytes ? before.toString('base64') : null
      return { path, bytes: bytes.length, sha256: sha256(bytes), created: before === undefined, previous }
    } catch (cause) {
      context.signal.throwIfAborted()
      throw fileError('write', path, cause)
    }
  },
  async undo({ path, sha256: written, created, previous }, _input, context) {
    const file = await target(absolute(path, context))
    const now = await readIfThere(file)
    if (now === undefined && created) return
    if (now === undefined || sha256(now) !== written) throw cannotUndo(path, 'it was changed since')
    if (created) return rm(file)
    if (previous === null) throw cannotUndo(path, 'what it held before was too large to keep')
    await replaceFile(file, Buffer.from(previous, 'base64'), context.signal)
  },
})

function bytesOf(content: unknown, encoding: 'utf8' | 'base64', path: string): Buffer {
  if (encoding === 'utf8') {
    return Buffer.from(typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`)
  }
  if (typeof content !== 'string' || !/^[A-Za-z0-9+/]*={0,2}\s*$/.test(content)) {
    throw refused(`The content for "${path}" is not base64.`, path, 'bad_base64')
  }
  return Buffer.from(content, 'base64')
}

/** Through symbolic links: what they point at is replaced, not they. */
const target = (file: string): Promise<string> => realpath(file).catch(() => file)

async function readIfThere(file: string): Promise<Buffer | undefined> {
  const found = await stat(file).catch(() => undefined)
  if (!found) return undefined
  if (!found.isFile()) throw refused(`"${file}" is no regular file.`, file)
  return readFile(file)
}

async function replaceFile(file: string, bytes: Buffer, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const temporary = join(dirname(file), `.${basename(file).slice(0, 100)}.${randomUUID()}.tmp`)
  try {
    await writeThrough(temporary, bytes)
    const old = await stat(file).catch(() => undefined)
    if (old) await chmod(temporary, old.mode & 0o7777)
    signal.throwIfAborted()
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function writeThrough(file: string, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'wx')
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

const cannotUndo = (path: string, why: string): StageError =>
  new StageError(`The writing of "${path}" cannot be undone: ${why}.`, {
    category: 'validation',
    code: 'cannot_undo',
    details: { path },
    retryable: false,
  })
