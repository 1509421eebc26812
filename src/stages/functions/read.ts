/** `fs/read`: the content of a file. */
import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import { StageError } from '../../foundation/errors.ts'
import { defineFunction, type FunctionContext } from '../../foundation/stage-kind.ts'
import { parseJsonText } from '../output-type.ts'
import { absolute, fileError, refused } from './files.ts'

const input = z.strictObject({
  path: z.string().min(1).describe("The file, relative to the pipeline's folder."),
  as: z.enum(['text', 'json', 'base64']).default('text').describe('How to give it. Default: `text` (UTF-8).'),
})

export const read = defineFunction({
  input,
  output: z.unknown(),
  async run({ path, as }, context) {
    const bytes = await readBytes(path, context)
    if (as === 'base64') return bytes.toString('base64')
    const text = decode(bytes, path)
    return as === 'json' ? parseJsonText(text, `"${path}"`) : text
  },
})

async function readBytes(path: string, context: FunctionContext): Promise<Buffer> {
  const file = absolute(path, context)
  try {
    const found = await stat(file)
    if (!found.isFile()) throw refused(`"${path}" is no regular file.`, path)
    if (found.size > context.outputBytes) throw tooLarge(path, found.size, context.outputBytes)
    return await readFile(file, { signal: context.signal })
  } catch (cause) {
    throw fileError('read', path, cause)
  }
}

function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refused(`"${path}" is not UTF-8 text; read it with as: base64.`, path, 'not_text')
  }
}

const tooLarge = (path: string, size: number, limit: number): StageError =>
  new StageError(`"${path}" has ${size} bytes; a stage's output may have ${limit} (limits.output_bytes).`, {
    category: 'limit',
    code: 'output_too_large',
    details: { path, size, output_bytes: limit },
    retryable: false,
  })
