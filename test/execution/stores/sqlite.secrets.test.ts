/**
 * Secrets do not reach the file, whichever way a stage lets them out: not as they are, and not encoded.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { compile, createEngine, defineFunction } from '../../../src/index.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-secrets-'))
  path = join(folder, 'runs.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const canary = 'c4n4ry/with+signs "and" quotes'
const forms = [
  canary,
  JSON.stringify(canary).slice(1, -1),
  encodeURIComponent(canary),
  Buffer.from(canary).toString('base64').slice(0, 20),
  Buffer.from(canary).toString('hex'),
]

const tokenIn = (input: unknown): string => (input as { readonly token: string }).token

const functions = {
  'test/leak': defineFunction({
    secrets: ['token'],
    run(input, { log }) {
      const secret = tokenIn(input)
      log(`it is ${secret}`, { field: secret })
      return {
        plain: secret,
        inside: `<${JSON.stringify({ secret })}>`,
        base64: Buffer.from(secret).toString('base64'),
      }
    },
  }),
  'test/fail': defineFunction({
    secrets: ['token'],
    run(input) {
      throw new Error(`no, ${tokenIn(input)}`)
    },
  }),
}

const yaml = `
name: leaks
secrets: [TOKEN]
vars: { kept: { type: "any[]", merge: append, default: [] } }
stages:
  - { id: leak, uses: test/leak, with: { token: "\${{ secrets.TOKEN }}" }, set: { kept: ["\${{ output }}"] } }
  - { id: say, run: 'echo "$T"; echo "$T" >&2', env: { T: "\${{ secrets.TOKEN }}" }, needs: [leak] }
  - { id: fail, uses: test/fail, with: { token: "\${{ secrets.TOKEN }}" }, needs: [say], on_error: { continue: "\${{ error.message }}" } }
outputs: { kept: "\${{ vars.kept }}" }
`

it.each(['flow', 'stages'] as const)('no stage gets a secret into the file: %s', async (lowering) => {
  const store = openSqliteStore(path, { compressFrom: 10_000_000 })
  const engine = createEngine({ store, functions, lowering, env: { TOKEN: canary, PATH: process.env.PATH ?? '' } })
  const run = await engine.start(compile(yaml, { functions }), {}, { threadId: 't' })
  const result = await run.result
  expect(result).toMatchObject({ status: 'succeeded', tolerated: ['fail'] })
  const said = JSON.stringify(await store.readEvents('t'))
  expect(said).toContain('it is ***')
  expect(said).toContain('no, ***')
  const bytes = () =>
    ['', '-wal'].map((suffix) => (existsSync(path + suffix) ? readFileSync(path + suffix, 'latin1') : '')).join('')
  const open = bytes()
  await engine.close()
  await store.close()
  for (const form of forms) expect([open.includes(form), bytes().includes(form)]).toEqual([false, false])
  expect(open).toContain('it is ***')
})
