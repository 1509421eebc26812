/** `fs/glob`: the files that match a pattern, sorted. */
import type { Dirent } from 'node:fs'
import { stat, glob as walk } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { z } from 'zod'
import { StageError } from '../../foundation/errors.ts'
import { defineFunction, type FunctionContext } from '../../foundation/stage-kind.ts'
import { absolute, fileError } from './files.ts'

/** More files than this are an error: such a list is no value to keep in a run's state. */
const maxFiles = 100_000

const patterns = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)])

const input = z.strictObject({
  pattern: patterns.describe('A pattern or a list of them: `*`, `**`, `?`, `[a-z]`, `{a,b}`.'),
  exclude: patterns.optional().describe('Files that match one of these are left out.'),
  folder: z.string().default('.').describe("Where patterns start, relative to the pipeline's folder."),
})

export const glob = defineFunction({
  input,
  output: z.array(z.string()).describe("Paths relative to the pipeline's folder, with `/`, in code unit order."),
  async run({ pattern, exclude, folder }, context) {
    try {
      return await matches({ pattern, exclude: exclude ?? [], cwd: absolute(folder, context) }, context)
    } catch (cause) {
      context.signal.throwIfAborted()
      throw fileError('list', folder, cause)
    }
  },
})

interface Search {
  readonly pattern: string | string[]
  readonly exclude: string | string[]
  readonly cwd: string
}

async function matches({ pattern, exclude, cwd }: Search, context: FunctionContext): Promise<string[]> {
  const found = new Set<string>()
  const left = typeof exclude === 'string' ? [exclude] : exclude
  for await (const entry of walk(pattern, { cwd, exclude: left, withFileTypes: true })) {
    context.signal.throwIfAborted()
    const file = resolve(join(entry.parentPath, entry.name))
    if (await isFile(entry, file)) found.add(fromPipeline(file, context))
    if (found.size > maxFiles) throw tooMany(pattern)
  }
  return [...found].sort()
}

/** Links count as what they point at. */
const isFile = async (entry: Dirent, file: string): Promise<boolean> =>
  entry.isSymbolicLink() ? ((await stat(file).catch(() => undefined))?.isFile() ?? false) : entry.isFile()

const fromPipeline = (file: string, { directory }: FunctionContext): string =>
  relative(directory, file).split(sep).join('/')

const tooMany = (pattern: string | string[]): StageError =>
  new StageError(`More than ${maxFiles} files match ${JSON.stringify(pattern)}.`, {
    category: 'limit',
    code: 'too_many_files',
    retryable: false,
  })
