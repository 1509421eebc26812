import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compilePipeline } from '../../src/compiler/compile.ts'
import { builtinFunctions, builtinKinds } from '../../src/stages/index.ts'

let folder: string
function write(name: string, text: string): void {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-references-'))
  write(
    'f.ts',
    'export interface Input { a: 1 }\nexport type Also = Input\nexport const announce = (input: Input) => input\n',
  )
  write('enum.ts', 'const a = 1\nexport enum Colour { Red }\nexport const paint = () => a\n')
  write('broken.ts', '\nexport const a = = 1\n')
  write('data.json', '{}')
  write('latin1.ts', '')
  writeFileSync(join(folder, 'latin1.ts'), Buffer.from([0x2f, 0x2f, 0xe4]))
  write(
    'node_modules/mapped/package.json',
    '{ "exports": { ".": { "import": "./m.mjs" }, "./tools/*": "./lib/*.js" } }',
  )
  write('node_modules/mapped/m.mjs', 'export const run = () => 1\n')
  write('node_modules/mapped/lib/cut.js', 'export const cut = () => 1\n')
  write('node_modules/common/package.json', '{ "main": "lib/index" }')
  write('node_modules/common/lib/index.js', 'exports.run = () => 1\n')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const compile = (text: string) =>
  compilePipeline(text, {
    path: join(folder, 'p.yaml'),
    name: 'p.yaml',
    kinds: builtinKinds,
    functions: builtinFunctions,
    models: new Set(['hosted']),
  })
const found = (text: string) => compile(text).diagnostics.map(({ code, message, hint }) => [code, message, hint])
const uses = (reference: string) => found(`name: p\nstages:\n  - id: a\n    uses: ${JSON.stringify(reference)}\n`)

describe('what `uses` names', () => {
  it.each(['./f.ts#announce', 'mapped#run', 'mapped/tools/cut#cut', 'common#anything'])('%s is found', (reference) => {
    expect(uses(reference)).toEqual([])
  })

  it.each([
    ['./f.ts#anounce', 'export_missing', 'Did you mean "announce"?'],
    ['./f.ts#Input', 'export_missing', 'It exports: announce.'],
    ['./f.ts#Also', 'export_missing', 'It exports: announce.'],
    ['mapped#stop', 'export_missing', 'It exports: run.'],
    ['./g.ts#announce', 'file_unreadable', `Paths start at the folder of the pipeline file: `],
    ['./data.json#a', 'file_unreadable', 'Paths start'],
    ['./latin1.ts#a', 'file_not_text', 'Save it as UTF-8 text.'],
    ['mapped/lib/cut.js#cut', 'package_unreadable', 'Install it there: npm install mapped'],
    ['@nobody/nothing/deep#x', 'package_unreadable', 'Install it there: npm install @nobody/nothing'],
    ['node:child_process#execSync', 'package_unreadable', 'Modules of Node are no packages'],
    ['./f.ts', 'bad_reference', 'Write ./file.ts#export'],
    ['f.ts', 'bad_reference', 'Write ./file.ts#export'],
    ['./f.ts#a-b', 'bad_reference', 'Write ./file.ts#export'],
    ['core/lgo', 'unknown_registered_function', 'Did you mean "core/log"?'],
  ])('%s is refused', (reference, code, hint) => {
    const [first, ...others] = uses(reference)
    expect(others).toEqual([])
    expect(first?.[0]).toBe(code)
    expect(first?.[2]).toContain(hint)
  })

  it('is a registered function', () => {
    expect(found('name: p\nstages:\n  - { id: a, uses: core/log, with: { message: hi } }\n')).toEqual([])
  })

  it('that is no erasable TypeScript is told with its line and why', () => {
    expect(uses('./enum.ts#paint')).toMatchObject([
      ['not_erasable', expect.stringContaining('line 2'), expect.stringContaining('enum')],
    ])
    expect(uses('./broken.ts#a')).toMatchObject([
      ['not_erasable', expect.stringContaining('line 2'), expect.stringContaining('Mend the file')],
    ])
  })
})

describe('what else a pipeline names', () => {
  const variable = (merge: string) =>
    found(
      `name: p\nvars: { v: { type: array, merge: ${merge} } }\nstages:\n  - { id: a, transform: 1, set: { v: [1] } }\noutputs: { v: "\${{ vars.v }}" }\n`,
    )
  it('reducers are exports of files', () => {
    write('reducers.ts', 'export const join = (a: unknown[], b: unknown[]) => [...a, ...b]\n')
    expect(variable('"./reducers.ts#join"')).toEqual([])
    expect(variable('"./reducers.ts#jion"')).toMatchObject([
      ['export_missing', expect.anything(), 'Did you mean "join"?'],
    ])
    expect(variable('"./reducers.ts"')).toMatchObject([['bad_reference', expect.anything(), expect.anything()]])
  })

  it('the source of a reducer is part of the plan', () => {
    const text =
      'name: p\nvars: { v: { type: array, merge: "./r.ts#join" } }\nstages:\n  - { id: a, transform: 1, set: { v: [1] } }\n'
    write('r.ts', 'export const join = () => [1]\n')
    const { plan } = compile(text)
    expect(plan?.vars).toMatchObject({ v: { merge: { file: './r.ts', export: 'join' } } })
    write('r.ts', 'export const join = () => [2]\n')
    expect(compile(text).plan?.hash).not.toBe(plan?.hash)
  })

  it.each([
    ['llm: { prompt: Hi }', '', [['unknown_model', 'There is no default model.']]],
    ['llm: { prompt: Hi }', 'models: { default: "openai:x" }\n', []],
    ['llm: { model: cheap, prompt: Hi }', 'models: { cheap: "openai:x" }\n', []],
    [
      'llm: { model: chaep, prompt: Hi }',
      'models: { cheap: "openai:x" }\n',
      [['unknown_model', 'There is no model "chaep".']],
    ],
    ['llm: { model: hosted, prompt: Hi }', '', []],
    ['llm: { model: "openai:gpt-5-mini", prompt: Hi }', '', []],
  ])('models: %s', (stage, head, expected) => {
    const text = `name: p\n${head}stages:\n  - id: a\n    ${stage}\n`
    expect(found(text).map(([code, message]) => [code, message])).toEqual(expected)
  })
})
