import { describe, expect, it } from 'vitest'
import { type Cell, createCells, type StoreKeys } from '../../../src/execution/stores/cells.ts'

const keys = (current: string, ...ids: string[]): StoreKeys => ({
  current,
  keys: Object.fromEntries([current, ...ids].map((id) => [id, Buffer.alloc(32, id)])),
})
const long = 'some words, '.repeat(5000)
const bytesOf = (cell: Cell): Buffer => Buffer.from(cell)

describe('a cell', () => {
  it.each([
    ['plain', createCells(16_384, undefined)],
    ['compressed', createCells(1, undefined)],
    ['sealed', createCells(16_384, keys('a'))],
    ['sealed and compressed', createCells(1, keys('a'))],
  ])('gives back its text: %s', (_, cells) => {
    for (const text of ['', 'x', 'tëa \u{1f375}\u0000', long])
      expect(cells.unpack(cells.pack(text, 'here'), 'here')).toBe(text)
  })

  it('is the text itself while it is short, and short when it is long', () => {
    const cells = createCells(16_384, undefined)
    expect(cells.pack('x', 'here')).toBe('x')
    expect(cells.pack(long, 'here').length).toBeLessThan(1000)
  })

  it('that is sealed shows nothing of its text, and is never twice the same', () => {
    const cells = createCells(16_384, keys('a'))
    const cell = cells.pack('a secret', 'here')
    expect(bytesOf(cell).toString('latin1')).not.toContain('secret')
    expect(cells.pack('a secret', 'here')).not.toEqual(cell)
  })

  it('that is sealed opens at its place only, unchanged only, with its key only', () => {
    const cells = createCells(16_384, keys('a'))
    const cell = bytesOf(cells.pack('a secret', 'here'))
    expect(() => cells.unpack(cell, 'there')).toThrow('there cannot be unsealed')
    for (let bit = 0; bit < cell.length * 8; bit++) {
      const flipped = Buffer.from(cell)
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(() => cells.unpack(flipped, 'here')).toThrow('The store')
    }
    expect(() => createCells(1, keys('b')).unpack(cell, 'here')).toThrow('with the key "a", which is not among those')
    expect(() => createCells(1, undefined).unpack(cell, 'here')).toThrow('opened without keys')
    expect(() => cells.unpack('a secret', 'here')).toThrow('is not sealed')
  })

  it('opens with a key that is not current any more', () => {
    const cell = createCells(1, keys('old')).pack(long, 'here')
    expect(createCells(1, keys('new', 'old')).unpack(cell, 'here')).toBe(long)
  })

  it('has a fingerprint that needs the key', () => {
    const of = (cells: ReturnType<typeof createCells>) => Buffer.from(cells.fingerprint('x')).toString('hex')
    const all = [undefined, keys('a'), keys('b')].map((each) => of(createCells(1, each)))
    expect(new Set(all).size).toBe(3)
    expect(of(createCells(1, keys('a', 'b')))).toBe(all[1])
  })

  it('needs proper keys', () => {
    expect(() => createCells(1, { current: 'a', keys: { a: Buffer.alloc(16) } })).toThrow('must have 32 bytes')
    expect(() => createCells(1, { current: 'a', keys: { b: Buffer.alloc(32) } })).toThrow('no key "a"')
  })
})
