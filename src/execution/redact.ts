/**
 * Secrets taken out of everything that is kept or shown: as they are, JSON-escaped, URL-encoded and in base64, also
 * inside longer base64 text and across the chunks of a stream.
 */
import { isJsonObject, type Json } from '../foundation/json.ts'

/** What stands where a secret stood. */
export const mask = '***'

export interface Redactor {
  text(text: string): string
  /** The same value, not a copy, when there is nothing to hide in it. */
  json(value: Json): Json
  /** For text that comes in pieces. */
  stream(): RedactedStream
}

export interface RedactedStream {
  /** What can be shown by now; an end that may be the start of a secret is held back. */
  push(chunk: string): string
  /** What was held back. */
  end(): string
}

/** `secrets` are values; empty ones are left out. */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const forms = [...new Set([...secrets].flatMap(formsOf))].sort((a, b) => b.length - a.length)
  if (forms.length === 0) return harmless
  const pattern = new RegExp(forms.map(quoted).join('|'), 'g')
  const text = (given: string): string => given.replace(pattern, mask)
  return { text, json: (value) => redact(value, text), stream: () => createStream(forms, text) }
}

const harmless: Redactor = {
  text: (text) => text,
  json: (value) => value,
  stream: () => ({ push: (chunk) => chunk, end: () => '' }),
}

/** Shorter pieces of base64 would hide too much that is no secret. */
const minEncodedLength = 6

function formsOf(secret: string): string[] {
  if (secret === '') return []
  const url = encodeURIComponent(secret.toWellFormed())
  const encoded = [
    JSON.stringify(secret).slice(1, -1),
    url,
    url.replaceAll('%20', '+'),
    Buffer.from(secret).toString('hex'),
    ...[0, 1, 2].flatMap((shift) => base64Inside(secret, shift)),
  ]
  return [secret, ...encoded.filter((form) => form.length >= minEncodedLength)]
}

/** The characters of base64 that depend on the secret alone when `shift` bytes (modulo 3) stand before it. */
function base64Inside(secret: string, shift: number): string[] {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)])
  const whole = bytes.toString('base64').replace(/=+$/, '')
  const start = shift === 0 ? 0 : shift + 1
  const end = bytes.length % 3 === 0 ? whole.length : whole.length - 1
  const inside = whole.slice(start, end)
  return [inside, inside.replaceAll('+', '-').replaceAll('/', '_')]
}

const quoted = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

function redact(value: Json, text: (given: string) => string): Json {
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value)) return redactList(value, text)
  return isJsonObject(value) ? redactMap(value, text) : value
}

function redactList(list: readonly Json[], text: (given: string) => string): Json {
  const redacted = list.map((item) => redact(item, text))
  return redacted.every((item, index) => item === list[index]) ? list : redacted
}

function redactMap(map: { readonly [key: string]: Json }, text: (given: string) => string): Json {
  const entries = Object.entries(map).map(([key, inner]) => [text(key), redact(inner, text)] as const)
  return entries.every(([key, inner]) => map[key] === inner) ? map : Object.fromEntries(entries)
}

function createStream(forms: readonly string[], text: (given: string) => string): RedactedStream {
  let held = ''
  return {
    push(chunk) {
      const all = held + chunk
      const open = openEnd(all, forms)
      held = all.slice(all.length - open)
      return text(all.slice(0, all.length - open))
    },
    end() {
      const rest = text(held)
      held = ''
      return rest
    },
  }
}

/** How many characters at the end of `text` may be the start of a form. */
function openEnd(text: string, forms: readonly string[]): number {
  let open = 0
  for (const form of forms) {
    for (let length = Math.min(form.length - 1, text.length); length > open; length--) {
      if (text.endsWith(form.slice(0, length))) open = length
    }
  }
  return open
}
