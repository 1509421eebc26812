/** Identifiers as a port, so that tests can make them predictable. */
import { randomBytes } from 'node:crypto'

export type NewId = (prefix: string) => string

/** `r_` and 16 lower-case base32 characters: 80 random bits. */
export const randomId: NewId = (prefix) => {
  let text = ''
  for (const byte of randomBytes(16)) text += alphabet[byte & 31]
  return `${prefix}_${text}`
}

// Crockford's base32: no i, l, o, u, so that an id can be read aloud.
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** What a thread id may look like when a caller chooses it. */
export const threadIdPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/
