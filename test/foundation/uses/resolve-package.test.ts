import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseReference } from '../../../src/foundation/uses/reference.ts'
import { resolvePackage } from '../../../src/foundation/uses/resolve-package.ts'

let folder: string
function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}
const pack = (name: string, manifest: object) => write(`node_modules/${name}/package.json`, JSON.stringify(manifest))
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'stagegraph-packages-')))
  mkdirSync(join(folder, 'deep/inside'), { recursive: true })
  pack('sugar', { exports: './main.js' })
  pack('conditions', {
    exports: { '.': { types: './t.d.ts', browser: './b.js', node: { import: './n.mjs' }, default: './d.js' } },
  })
  pack('order', { exports: { default: './first.js', import: './second.js' } })
  pack('listed', { exports: { '.': [{ browser: './b.js' }, './fallback.js'] } })
  pack('patterns', { exports: { './*': './any/*.js', './special/*': './special/*.mjs', './special/secret': null } })
  pack('escapes', { exports: { '.': '../../outside.js', './*': './*' } })
  pack('@scope/plain', { main: 'lib/start' })
  write('node_modules/@scope/plain/lib/start.js', '')
  pack('bare', {})
  write('node_modules/bare/index.js', '')
  pack('empty', {})
  write('node_modules/hurt/package.json', '{')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const found = (specifier: string, from = '') => {
  const file = resolvePackage(specifier, join(folder, from))
  return file === undefined ? undefined : relative(join(folder, 'node_modules'), file)
}

describe('the file of a package', () => {
  it.each([
    ['sugar', 'sugar/main.js'],
    ['sugar/other', undefined],
    ['conditions', 'conditions/n.mjs'],
    ['order', 'order/first.js'],
    ['listed', 'listed/fallback.js'],
    ['patterns/a/b', 'patterns/any/a/b.js'],
    ['patterns/special/x', 'patterns/special/x.mjs'],
    ['patterns/special/secret', undefined],
    ['patterns', undefined],
    ['escapes', undefined],
    ['escapes/../../../outside.js', undefined],
    ['@scope/plain', '@scope/plain/lib/start.js'],
    ['@scope/plain/lib/other.js', '@scope/plain/lib/other.js'],
    ['bare', 'bare/index.js'],
    ['empty', undefined],
    ['hurt', undefined],
    ['nowhere', undefined],
    ['../sugar', undefined],
    ['', undefined],
  ])('%s is %s', (specifier, file) => expect(found(specifier)).toBe(file))

  it('is found from any folder below', () => expect(found('sugar', 'deep/inside')).toBe('sugar/main.js'))
})

describe('a reference', () => {
  it.each([
    ['./a.ts#f', { kind: 'file', path: './a.ts', export: 'f' }],
    ['../a.ts#f', { kind: 'file', path: '../a.ts', export: 'f' }],
    ['/abs/a.ts#f', { kind: 'file', path: '/abs/a.ts', export: 'f' }],
    ['a/b#f', { kind: 'package', specifier: 'a/b', export: 'f' }],
    ['@s/a#default', { kind: 'package', specifier: '@s/a', export: 'default' }],
    ['core/log', { kind: 'name', name: 'core/log' }],
    ['./a.ts', undefined],
    ['a.mjs', undefined],
    ['./a.ts#', undefined],
    ['./a.ts#a.b', undefined],
    ['#f', undefined],
    ['', undefined],
  ])('%s', (text, reference) => expect(parseReference(text)).toEqual(reference))
})
