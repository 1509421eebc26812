import { describe, expect, it } from 'vitest'
import { readExports } from '../../src/compiler/exports.ts'

const names = (text: string, file = 'f.ts') => {
  const found = readExports(text, file)
  return 'code' in found ? found.code : found.names
}

describe('exports are read, never run', () => {
  it.each([
    [
      'functions and constants',
      'export function a() {}\nexport const b = 1, c = 2\nexport async function d() {}\n',
      ['a', 'b', 'c', 'd'],
    ],
    ['lists and renamed ones', 'const a = 1\nfunction b() {}\nexport { a, b as c }\n', ['a', 'c']],
    ['a default', 'export default () => 1\n', ['default']],
    ['types do not count', 'export type T = string\nexport interface I { a: 1 }\nexport const v: T = ""\n', ['v']],
    [
      'nor do comments and texts',
      '// export const no = 1\nconst t = "export const no = 1"\nexport const yes = t\n',
      ['yes'],
    ],
  ])('%s', (_name, text, expected) => expect(names(text)).toEqual(expected))

  it('a file with an effect is not executed', () => {
    expect(names('globalThis.process.exit(99)\nexport const a = 1\n')).toEqual(['a'])
  })

  it('re-exports of everything leave open what there is', () => {
    expect(readExports('export * from "./other.ts"\n', 'f.ts')).toMatchObject({ open: true })
    expect(readExports('module.exports = { a: 1 }\n', 'f.cjs')).toMatchObject({ open: true })
  })

  it.each([
    ['an enum', 'export enum Colour { Red }\n', 'not_erasable', 1],
    ['a parameter property', '\nexport class A {\n  constructor(private x: number) {}\n}\n', 'not_erasable', 3],
    ['a namespace with code', '\n\nexport namespace N { export const a = 1 }\n', 'not_erasable', 3],
    ['a syntax error', 'export const a = = 1\n', 'not_a_module', 1],
  ])('%s is told with its line', (_name, text, code, line) => {
    expect(readExports(text, 'f.ts')).toMatchObject({ code, line })
  })

  it('nothing has an export without a name', () => {
    expect(readExports('export function ?a() {}\n', 'f.js')).toMatchObject({ code: 'not_a_module' })
  })
})
