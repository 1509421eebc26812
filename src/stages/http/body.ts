/** Reads the body of an answer: bounded while it streams, and parsed by what it says it is. */
import { StageError } from '../../foundation/errors.ts'
import type { Json } from '../../foundation/json.ts'
import type { JsonSchema } from '../../foundation/plan.ts'
import { parseJsonText, wantsText } from '../output-type.ts'
import { noAnswer } from './failures.ts'
import type { Answer } from './send.ts'

/** All bytes, decompressed. More than `maxBytes` end the transfer with a StageError `limit`. */
export async function readBody({ request, response }: Answer, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      if (size > maxBytes) throw tooLarge(maxBytes)
      chunks.push(chunk)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof StageError ? error : noAnswer(error, request)
  }
  return Buffer.concat(chunks, size)
}

/** The start of the body of an answer that is a failure, for the error's details. */
export async function readStart({ response }: Answer, maxBytes: number): Promise<Json> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= maxBytes) break
    }
  } catch {
    // Half a message about a failure is better than a failure about the message.
  }
  return decodeText(Buffer.concat(chunks, size).subarray(0, maxBytes), response.headers)
}

/**
 * JSON as a value, text as text, anything else as base64; nothing as null. A declared `output:` goes first: declared text
 * is never parsed, and any other declared type is read as JSON whatever the content type says.
 */
export function parseBody(bytes: Buffer, headers: Headers, declared: JsonSchema | undefined): Json {
  const type = mediaType(headers)
  const asText = (): string => decodeText(bytes, headers)
  if (declared !== undefined && wantsText(declared)) return isText(type) || isJson(type) ? asText() : encode(bytes)
  if (bytes.length === 0) return null
  if (isJson(type) || (declared !== undefined && declared !== true && isText(type))) {
    return parseJsonText(asText(), 'The body of the answer')
  }
  return isText(type) ? asText() : encode(bytes)
}

const encode = (bytes: Buffer): string => bytes.toString('base64')

const mediaType = (headers: Headers): string =>
  (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

const isJson = (type: string): boolean => type === 'application/json' || type.endsWith('+json')

/** No content type at all is taken for text: most such answers are. */
const isText = (type: string): boolean =>
  type === '' ||
  type.startsWith('text/') ||
  /^application\/(?:xml|javascript|x-www-form-urlencoded|yaml|x-yaml|x-ndjson|graphql|sql|toml)$/.test(type) ||
  type.endsWith('+xml') ||
  type.endsWith('+yaml')

function decodeText(bytes: Buffer, headers: Headers): string {
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(headers.get('content-type') ?? '')?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return new TextDecoder().decode(bytes)
  }
}

const tooLarge = (maxBytes: number): StageError =>
  new StageError(`The answer is larger than ${maxBytes} bytes (limits.output_bytes).`, {
    category: 'limit',
    code: 'output_too_large',
    details: { output_bytes: maxBytes },
    retryable: false,
  })
