/**
 * Texts as they stand in a file: as they are, or, when they are long, compressed, or, when the store has keys, sealed.
 *
 * A cell that is text is itself. A cell of bytes begins with a byte that says how to read it. Sealed is AES-256-GCM:
 * the id of the key, a nonce, the tag, the sealed bytes; the place of the cell in the file is sealed in, so that a cell
 * that was moved is as good as a damaged one.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { StoreError } from '../../foundation/errors.ts'

export type Cell = string | Uint8Array

/** Keys of 32 bytes by their ids. `current` seals what is new, the others open what is old. */
export interface StoreKeys {
  readonly current: string
  readonly keys: Readonly<Record<string, Uint8Array>>
}

export interface Cells {
  readonly sealed: boolean
  pack(text: string, place: string): Cell
  /** Throws `StoreError`: `store_corrupt`, or `store_unavailable` when the key is not there. */
  unpack(cell: Cell, place: string): string
  /** Equal texts have equal fingerprints; nobody without the key can tell more from them. */
  fingerprint(text: string): Uint8Array
}

const compressed = 1
const sealedBit = 2

/** `compressFrom`: characters from which on compression is tried. */
export function createCells(compressFrom: number, keys: StoreKeys | undefined): Cells {
  const checked = keys && checkKeys(keys)
  const secret = checked && Buffer.from(hkdfSync('sha256', currentKey(checked), '', 'stagegraph fingerprint', 32))
  return {
    sealed: checked !== undefined,
    pack(text, place) {
      const short = text.length >= compressFrom ? compress(text) : undefined
      if (!checked) return short ? concat([compressed], short) : text
      return seal(checked, short ?? Buffer.from(text), short ? compressed : 0, place)
    },
    unpack: (cell, place) => unpack(cell, checked, place),
    fingerprint(text) {
      const hash = secret ? createHmac('sha256', secret) : createHash('sha256')
      return hash.update(text).digest().subarray(0, 20)
    },
  }
}

function checkKeys(keys: StoreKeys): StoreKeys {
  for (const [id, key] of Object.entries(keys.keys)) {
    if (key.length !== 32) throw new TypeError(`The key "${id}" must have 32 bytes, but it has ${key.length}.`)
    if (Buffer.byteLength(id) > 255) throw new TypeError('The id of a key may have 255 bytes at most.')
  }
  if (!Object.hasOwn(keys.keys, keys.current)) throw new TypeError(`There is no key "${keys.current}".`)
  return keys
}

const currentKey = ({ current, keys }: StoreKeys): Uint8Array => keys[current] as Uint8Array

/** Nothing when it would not be shorter. */
function compress(text: string): Uint8Array | undefined {
  const bytes = zstdCompressSync(text)
  return bytes.length < text.length * 0.9 ? bytes : undefined
}

const concat = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => Buffer.from(part)))

function seal(keys: StoreKeys, plain: Uint8Array, format: number, place: string): Uint8Array {
  const id = Buffer.from(keys.current)
  const nonce = randomBytes(12)
  const head = concat([format | sealedBit, id.length], id)
  const cipher = createCipheriv('aes-256-gcm', currentKey(keys), nonce)
  cipher.setAAD(concat(head, Buffer.from(place)))
  const body = cipher.update(plain)
  cipher.final()
  return concat(head, nonce, cipher.getAuthTag(), body)
}

function unpack(cell: Cell, keys: StoreKeys | undefined, place: string): string {
  if (typeof cell === 'string' || !((cell[0] ?? 0) & sealedBit)) {
    if (keys) throw damaged(place, 'is not sealed, though this store is')
    return typeof cell === 'string' ? cell : text(cell.subarray(1), cell[0] ?? 0, place)
  }
  if (!keys) throw keyless(place, 'is sealed, but the store was opened without keys')
  return text(unseal(cell, keys, place), cell[0] ?? 0, place)
}

function unseal(cell: Uint8Array, { keys }: StoreKeys, place: string): Uint8Array {
  const start = 2 + (cell[1] ?? 0)
  const id = Buffer.from(cell.subarray(2, start)).toString()
  const key = Object.hasOwn(keys, id) ? keys[id] : undefined
  if (!key) throw keyless(place, `is sealed with the key "${id}", which is not among those given`)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, cell.subarray(start, start + 12), { authTagLength: 16 })
    decipher.setAAD(concat(cell.subarray(0, start), Buffer.from(place)))
    decipher.setAuthTag(cell.subarray(start + 12, start + 28))
    return Buffer.concat([decipher.update(cell.subarray(start + 28)), decipher.final()])
  } catch (cause) {
    throw damaged(place, 'cannot be unsealed: it was changed, or the key is another', cause)
  }
}

function text(bytes: Uint8Array, format: number, place: string): string {
  try {
    return Buffer.from(format & compressed ? zstdDecompressSync(bytes) : bytes).toString()
  } catch (cause) {
    throw damaged(place, 'cannot be decompressed', cause)
  }
}

const damaged = (place: string, what: string, cause?: unknown) =>
  new StoreError('store_corrupt', `The store is damaged: ${place} ${what}.`, {
    cause,
    hint: 'Restore the file from a backup, or use another store.',
  })

const keyless = (place: string, what: string) =>
  new StoreError('store_unavailable', `The store cannot be read: ${place} ${what}.`, {
    hint: 'Open the store with the keys it was written with.',
  })
