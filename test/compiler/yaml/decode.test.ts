import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMap, isScalar, type ParsedNode, type Scalar } from 'yaml'
import { decodeScalar, type ScalarStyle } from '../../../src/compiler/yaml/decode.ts'
import { readYaml } from '../../../src/compiler/yaml/read.ts'

/** The scalar that `key: …` holds, when the text is YAML. */
function scalarOf(text: string): Scalar.Parsed | undefined {
  const read = readYaml(text)
  if ('gate' in read || read.faults.length > 0 || !isMap(read.contents)) return undefined
  const value = read.contents.items[0]?.value as ParsedNode | null | undefined
  return isScalar(value) ? value : undefined
}

function decoded(text: string) {
  const node = scalarOf(text)
  if (!node) return undefined
  const result = decodeScalar(text, node.type as ScalarStyle, node.range[0], node.range[1], String(node.value))
  return { node, ...result }
}

/** The stretch of source that the characters of the value's `part` come from. */
function sourceOf(text: string, part: string): string {
  const { value, starts, ends } = decoded(text) as NonNullable<ReturnType<typeof decoded>>
  const at = value.indexOf(part)
  expect(at).toBeGreaterThanOrEqual(0)
  return text.slice(starts[at], ends[at + part.length - 1])
}

const character = fc.constantFrom(
  'a',
  'b',
  ' ',
  ' ',
  '\n',
  '\n',
  '\t',
  "'",
  '"',
  '\\',
  ':',
  '#',
  'é',
  '𝄞',
  '$',
  '{',
  '}',
)
const anyText = fc.string({ unit: character, maxLength: 30 })
const anyEscape = fc.constantFrom(
  '\\n',
  '\\t',
  '\\"',
  '\\\\',
  '\\x41',
  '\\u00e9',
  '\\U0001D11E',
  '\\\n',
  '\\ ',
  '\\/',
  '\\_',
  '\\0',
)
const indentOf = fc.integer({ min: 1, max: 3 })
const indented = (text: string, indent: number) => text.split('\n').join(`\n${' '.repeat(indent)}`)

const plain = fc.tuple(anyText, indentOf).map(([text, indent]) => `k: a${indented(text, indent)}`)
const single = fc.tuple(anyText, indentOf).map(([text, i]) => `k: '${indented(text.replaceAll("'", "''"), i)}'`)
const double = fc
  .tuple(
    fc.array(
      fc.oneof(
        anyText.map((text) => text.replaceAll(/["\\]/g, '')),
        anyEscape,
      ),
      { maxLength: 6 },
    ),
    indentOf,
  )
  .map(([parts, i]) => `k: "${indented(parts.join(''), i)}"`)
const header = fc.constantFrom('|', '|-', '|+', '>', '>-', '>+', '|1', '>2-', '>+1', '|2+')
const block = fc
  .tuple(
    header,
    fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), anyText), { maxLength: 6 }),
    fc.constantFrom('', '\n'),
  )
  .map(([head, lines, end]) => {
    const body = lines.map(([indent, text]) => `${' '.repeat(indent)}${text.replaceAll('\n', '')}`).join('\n')
    return `k: ${head}\n${body}${end}`
  })
const crlf = (texts: fc.Arbitrary<string>) => texts.map((text) => text.replaceAll('\n', '\r\n'))
const anyScalar = fc.oneof(plain, single, double, block, crlf(plain), crlf(single), crlf(double), crlf(block))

describe('the place of a character of a value', () => {
  it('is found by reading as the library reads, in every style', () => {
    let read = 0
    fc.assert(
      fc.property(anyScalar, (text) => {
        const found = decoded(text)
        if (!found) return
        read++
        expect(found.value).toBe(found.node.value)
        expect(found.starts).toHaveLength(found.value.length)
        expect(found.ends).toHaveLength(found.value.length)
      }),
      { numRuns: 6_000, seed: 20_261_124 },
    )
    expect(read).toBeGreaterThan(2_000)
  })

  it('holds that character, or the escape or line break that makes it', () => {
    fc.assert(
      fc.property(anyScalar, (text) => {
        const found = decoded(text)
        if (!found) return
        let before = 0
        for (const [index, char] of found.value.split('').entries()) {
          const start = found.starts[index] as number
          const end = found.ends[index] as number
          expect(start).toBeGreaterThanOrEqual(before)
          const written = text.slice(start, end)
          const makes =
            written === char ||
            written.startsWith('\\') ||
            written === "''" ||
            /^[\r\n\t ]+$/.test(written) ||
            (char === '\n' && written === '')
          expect(makes || end === text.length, JSON.stringify({ text, index, char, written })).toBe(true)
          before = start
        }
      }),
      { numRuns: 3_000, seed: 7 },
    )
  })

  it.each([
    ['plain', 'k: one two', 'two'],
    ['plain over lines', 'k: one\n  two\n  three', 'three'],
    ['single quotes', "k: 'it''s two'", 'two'],
    ['double quotes', 'k: "a\\tb\\u0041 two"', 'two'],
    ['a literal block', 'k: |\n  one\n    two\n', 'two'],
    ['a literal block with an indent of its own', 'k: |1\n   one\n two\n', 'two'],
    ['a folded block', 'k: >\n  one\n\n  two\n  three\n', 'three'],
    ['a block with CRLF', 'k: |\r\n  one\r\n  two\r\n', 'two'],
  ])('is right in %s', (_, text, part) => {
    expect(sourceOf(text, part)).toBe(part)
  })

  it('covers the whole escape', () => {
    expect(sourceOf('k: "a\\u0041b"', 'A')).toBe('\\u0041')
    expect(sourceOf("k: 'it''s'", "'")).toBe("''")
    expect(sourceOf('k: one\n   two', ' ')).toContain('\n')
  })
})
