/** The examples of the catalogue are true: what is called wrong is, and what is called right is not. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compilePipeline } from '../../../src/compiler/compile.ts'
import { catalogue } from '../../../src/foundation/diagnostics.ts'
import { builtinFunctions, builtinKinds } from '../../../src/stages/index.ts'

/** Examples that would need four megabytes of text to be whole. */
const hints = new Set(['file_too_large', 'too_many_nodes'])

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-catalogue-'))
  writeFileSync(join(folder, 'functions.ts'), 'export const announce = () => "hi"\n')
  writeFileSync(join(folder, 'colours.ts'), 'export enum Colour { Red }\nexport const paint = () => Colour.Red\n')
  writeFileSync(join(folder, 'picture.png'), Buffer.from([0x89, 0x50, 0xff, 0xfe, 0]))
  mkdirSync(join(folder, 'node_modules'))
  writeFileSync(join(folder, 'greet.yaml'), child('inputs: { name: string }', '"Hello ${{ inputs.name }}"'))
  writeFileSync(join(folder, 'reads-env.yaml'), child('env: [HOME]', '${{ env.HOME }}'))
  writeFileSync(join(folder, 'p.yaml'), '')
  mkdirSync(join(folder, 'deep'))
  for (let level = 1; level < 20; level++) {
    writeFileSync(join(folder, 'deep', `${level}.yaml`), nested(level))
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const child = (top: string, value: string) =>
  `name: child\n${top}\nstages:\n  - id: say\n    transform: ${value}\noutputs: { said: "\${{ stages.say.output }}" }\n`

/** A pipeline that holds the one below it, and so on. */
const nested = (level: number): string =>
  `name: level\nstages:\n  - { id: down, ${level < 19 ? `pipeline: ./${level + 1}.yaml` : 'transform: 1'} }\n`

function codes(text: string): string[] {
  const request = { kinds: builtinKinds, functions: builtinFunctions, models: new Set<string>(), strict: true }
  return compilePipeline(text, { ...request, path: join(folder, 'p.yaml') }).diagnostics.map(({ code }) => code)
}

const entries = Object.entries(catalogue).filter(([code]) => !hints.has(code))

describe('the catalogue', () => {
  it.each(entries)('%s: the wrong example has this fault', (code, { wrong }) => {
    expect(codes(wrong)).toContain(code)
  })

  it.each(entries)('%s: the right example has no error, and not this fault', (code, { right }) => {
    const found = codes(right)
    expect(found).not.toContain(code)
    const severities = new Map(Object.entries(catalogue).map(([each, { severity }]) => [each, severity]))
    expect(found.filter((each) => severities.get(each) === 'error')).toEqual([])
  })

  it.each(Object.entries(catalogue))('%s: is written as a snake_case word with whole sentences', (code, entry) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(entry.summary).toMatch(/^[A-Z`].*\.$|\)\.?$/s)
    expect(entry.explanation).toMatch(/[.?]$/)
  })
})
