import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { compilePipeline } from '../../src/compiler/compile.ts'
import { builtinFunctions, builtinKinds } from '../../src/stages/index.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-packages-'))
  const text = 'export const run = (): number => 1\n'
  for (const [path, content] of [
    ['project/node_modules/typed/package.json', '{ "main": "run.ts" }'],
    ['project/node_modules/typed/run.ts', text],
    ['workspace/linked/package.json', '{ "main": "run.ts" }'],
    ['workspace/linked/run.ts', text],
  ] as const) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  symlinkSync(join(folder, 'workspace/linked'), join(folder, 'project/node_modules/linked'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const said = (uses: string) =>
  compilePipeline(`name: p\nstages:\n  - { id: a, uses: "${uses}" }\n`, {
    path: join(folder, 'project/p.yaml'),
    kinds: builtinKinds,
    functions: builtinFunctions,
    models: new Set(),
  }).diagnostics.map(({ code, message }) => `${code}: ${message}`)

it.each(['typed#run', './node_modules/typed/run.ts#run'])('TypeScript inside node_modules is refused: %s', (uses) => {
  const [target] = uses.split('#')
  const message = `"${target}" is TypeScript inside node_modules, which Node does not import.`
  expect(said(uses)).toEqual([`file_unreadable: ${message}`])
})

it('a package that is linked from a workspace may be TypeScript', () => expect(said('linked#run')).toEqual([]))
