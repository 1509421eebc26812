import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/compiler/yaml/read.ts'
import { said, stage, the, top } from './parsing.ts'

const small = top()

describe('the gates before the parser', () => {
  it('refuse a file of more than 4 MB by its bytes', () => {
    expect(said(`${small}# ${'é'.repeat(limits.bytes / 2)}`)).toEqual(['file_too_large 1:1'])
    expect(said(`${small}# ${'e'.repeat(limits.bytes / 2)}`)).toEqual([])
  })

  it('refuse more than 400,000 values', () => {
    expect(said(`${small}x-data:\n${'- [1,1,1,1,1,1,1,1,1]\n'.repeat(45_000)}`)).toEqual([
      expect.stringMatching(/^too_many_nodes 4000[0-9]:/),
    ])
    expect(said(`${small}x-data:\n${'- [1,1,1,1,1,1,1,1,1]\n'.repeat(1_000)}`)).toEqual([])
  })

  it.each([
    ['brackets', '['.repeat(5_000), 'nested_too_deep 5:109'],
    ['braces', '{a: '.repeat(5_000), 'nested_too_deep 5:409'],
    ['dashes', `\n${'- '.repeat(5_000)}1`, 'nested_too_deep 6:201'],
    [
      'indented maps',
      `\n${Array.from({ length: 150 }, (_, i) => `${' '.repeat(i + 1)}a:`).join('\n')} 1`,
      'nested_too_deep',
    ],
  ])('refuse more than 100 levels of %s where the 101st opens', (_, text, place) => {
    expect(said(`${small}x-data: ${text}`)).toEqual([expect.stringContaining(place)])
  })

  it('let 100 levels pass, and brackets in text at any number', () => {
    expect(said(`${small}x-data: ${'['.repeat(100)}${']'.repeat(100)}`)).toEqual([])
    expect(said(`${small}x-data: "${'['.repeat(5_000)}"`)).toEqual([])
    expect(said(`${small}x-data: |\n  ${'[{'.repeat(5_000)}`)).toEqual([])
    expect(said(`${small}x-data: a${'[{'.repeat(5_000)}`)).toEqual([])
  })

  it('refuse more than 50,000 aliases', () => {
    expect(said(`${small}x-a: &a 1\nx-b: [${'*a, '.repeat(limits.aliases + 1)}]`)).toEqual([
      expect.stringMatching(/^too_many_aliases 6:/),
    ])
  })

  it.each([
    ['blank lines', '\n'.repeat(200_000)],
    ['question marks', '? '.repeat(200_000)],
    ['anchors', '&a '.repeat(60_000)],
    ['tags', '!a '.repeat(450_000)],
    ['closing brackets', ']'.repeat(200_000)],
    ['spaces in a value', `a: b${' '.repeat(1_000_000)}c: d`],
    ['open expressions', `a: ${'${{ '.repeat(200_000)}: b`],
    ['quotes', `a: "x" ${"'".repeat(500_000)}\nb: c: d`],
    [
      'equal keys',
      Array.from({ length: 20_000 }, (_, i) => `k${i}: 1\n`)
        .join('')
        .repeat(2),
    ],
    ['open expressions in a bare one', stage(`if: ${'${{'.repeat(150_000)}`, 'transform: 1')],
    ['open expressions in a map', stage(`transform: { a: ${'${{'.repeat(100_000)} }`)],
    ['indented lines that are nothing', stage(`transform: ${'(\n  '.repeat(100_000)}`)],
    [
      'brackets under a key of an expression',
      stage(`transform: { if: ${'{ if: '.repeat(90)}${'['.repeat(9)}${', '.repeat(90_000)}`),
    ],
    ['unknown aliases', Array.from({ length: 20_000 }, (_, i) => `k${i}: *b${i}\n`).join('')],
  ])('answer very many %s in linear time, without a crash', (_, text) => {
    const codes = said(text)
    expect(codes.length).toBeGreaterThan(0)
    expect(codes.length).toBeLessThanOrEqual(3 * limits.faults)
  })
})

describe('characters that nobody can see', () => {
  it.each([
    ['NUL', 'a\0b', 'NUL'],
    ['a control character', 'a\x1fb', 'U+001F'],
    ['a byte order mark', 'a\ufeffb', 'byte order mark'],
    ['a lone high surrogate', 'a\ud800b', 'surrogate'],
    ['a lone low surrogate', 'a\udc00b', 'surrogate'],
    ['a carriage return alone', 'a\rb', 'carriage return'],
  ])('%s is named at its place', (_, text, words) => {
    const diagnostic = the('yaml_syntax', top(`description: ${text}`))
    expect(diagnostic.message).toContain(words)
    expect(diagnostic.span.start).toMatchObject({ line: 2, column: 15 })
  })

  it('may be a byte order mark at the very start, CRLF line ends, and characters beyond the first plane', () => {
    expect(said(`\ufeff${small}`)).toEqual([])
    expect(said(top('description: 𝄞 é').replaceAll('\n', '\r\n'))).toEqual([])
  })
})

describe('aliases', () => {
  it('may be many and large as long as they do not multiply', () => {
    const steps = Array.from({ length: 2_000 }, (_, i) => `  - id: s${i}\n    retry: *r\n    run: echo\n`).join('')
    expect(said(`name: p\nx-r: &r { attempts: 3, delay: 1s, on: [network] }\nstages:\n${steps}`)).toEqual([])
  })

  it('may multiply inside of "x-", where nobody reads them', () => {
    const bomb = ['x-a: &a [1,1,1,1,1,1,1,1,1]']
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg'])
      bomb.push(`x-${to}: &${to} [${`*${from},`.repeat(9)}]`)
    expect(said(top(...bomb))).toEqual([])
  })
})
