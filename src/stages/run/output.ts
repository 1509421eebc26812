/** What a command that ended well gives as the stage's output. */
import { readFile, stat } from 'node:fs/promises'
import { StageError } from '../../foundation/errors.ts'
import type { Json } from '../../foundation/json.ts'
import type { JsonSchema } from '../../foundation/plan.ts'
import { parseJsonText, wantsText } from '../output-type.ts'

export interface OutputRequest {
  readonly stdout: string
  /** The file named by `$STAGEGRAPH_OUTPUT`. */
  readonly file: string
  readonly declared: JsonSchema | undefined
  readonly maxBytes: number
}

/** Text without its last newline; or, where something else than text is declared, JSON from the file, else from stdout. */
export async function commandOutput({ stdout, file, declared, maxBytes }: OutputRequest): Promise<Json> {
  if (declared === undefined || wantsText(declared)) return stdout.replace(/\r?\n$/, '')
  const written = await readIfWritten(file, maxBytes)
  if (written !== undefined) return parseJsonText(written, 'What the command wrote to $STAGEGRAPH_OUTPUT')
  return parseJsonText(stdout, 'The output of the command')
}

async function readIfWritten(file: string, maxBytes: number): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) return undefined
  if (found.size > maxBytes) throw tooMuchOutput(maxBytes)
  return readFile(file, 'utf8')
}

export const tooMuchOutput = (maxBytes: number): StageError =>
  new StageError(`The command wrote more than ${maxBytes} bytes of output.`, {
    category: 'limit',
    code: 'output_too_large',
    details: { output_bytes: maxBytes },
    retryable: false,
  })
