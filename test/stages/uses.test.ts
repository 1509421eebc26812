import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { StageError } from '../../src/foundation/errors.ts'
import { defineFunction, type RegisteredFunction } from '../../src/foundation/stage-kind.ts'
import { uses } from '../../src/stages/uses.ts'
import { createContext, failureOf, runKind, temporaryFolder } from './support.ts'

const source = join(import.meta.dirname, '../../src')

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

const registered = (entries: Record<string, RegisteredFunction>) => ({
  services: { functions: new Map(Object.entries(entries)) },
})

/** What the kind does in a plain Node process, where Node itself (not the test runner) loads the user's file. */
function inNode(
  directory: string,
  config: object,
): { output?: unknown; code?: string; message?: string; details?: unknown } {
  const script = `
import { uses } from ${JSON.stringify(join(source, 'stages/uses.ts'))}
const context = { signal: new AbortController().signal, directory: ${JSON.stringify(directory)}, stage: 's', attempt: 1,
  services: { functions: new Map() } }
try { console.log(JSON.stringify({ output: await uses.run(${JSON.stringify(config)}, context) })) }
catch ({ code, message, details }) { console.log(JSON.stringify({ code, message, details })) }`
  const text = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: source, encoding: 'utf8' })
  return JSON.parse(text) as ReturnType<typeof inNode>
}

test('calls an export of a TypeScript file with its input and a small context', async () => {
  const directory = folderWith({
    'stages/x.ts': `interface Input { n: number }
export function twice({ n }: Input, ctx: { stage: string; log(text: string): void; progress(f: number): void }) {
  ctx.log('doubling'); ctx.progress(0.5)
  return { n: n * 2, keys: Object.keys(ctx).sort(), frozen: Object.isFrozen(ctx) }
}`,
  })
  const { output, said } = await runKind(uses, { uses: './stages/x.ts#twice', with: { n: 3 } }, { directory })
  expect(output).toEqual({
    n: 6,
    frozen: true,
    keys: ['attempt', 'directory', 'idempotencyKey', 'log', 'outputBytes', 'progress', 'run', 'signal', 'stage'],
  })
  expect(said).toMatchObject({ logs: [{ message: 'doubling' }], progress: [0.5] })
})

test('Node itself loads the file, types and all', () => {
  const directory = folderWith({
    'x.ts': 'export const hello = async ({ to }: { to: string }): Promise<string> => `hi ${to}`',
  })
  expect(inNode(directory, { uses: './x.ts#hello', with: { to: 'you' } })).toEqual({ output: 'hi you' })
})

test('an edited file is read again', async () => {
  const directory = folderWith({ 'x.ts': 'export const f = () => 1' })
  const call = async () => (await runKind(uses, { uses: './x.ts#f' }, { directory })).output
  expect(await call()).toBe(1)
  writeFileSync(join(directory, 'x.ts'), 'export const f = () => 2')
  expect(await call()).toBe(2)
})

test('an edited file is read again within a run too, and one that was not is loaded once', async () => {
  const directory = folderWith({
    'x.ts': 'export const f = () => 1',
    'y.ts': 'export const g = () => ({ loaded })\nconst loaded = Math.random()',
  })
  const file = join(directory, 'x.ts')
  const long = new Date(Date.now() - 60_000) // long enough ago that its time tells edits apart
  for (const name of ['x.ts', 'y.ts']) utimesSync(join(directory, name), long, long)
  const { context } = createContext({ directory })
  const call = async (name: string) => uses.run({ uses: name }, context)
  expect([await call('./x.ts#f'), await call('./x.ts#f')]).toEqual([1, 1])
  writeFileSync(file, 'export const f = () => 2')
  expect(await call('./x.ts#f')).toBe(2)
  writeFileSync(file, 'export const f = () => 3')
  expect(await call('./x.ts#f')).toBe(3)
  rmSync(file)
  expect(await failureOf(call('./x.ts#f'))).toMatchObject({ code: 'bad_function' })
  expect(await call('./y.ts#g')).toEqual(await call('./y.ts#g'))
})

test('a function that is there at once is called at once, and what it throws at once is its failure', async () => {
  const { context } = createContext({
    services: { functions: new Map(Object.entries({ now: { run: () => 5 }, no: { run: () => JSON.parse('{') } })) },
  })
  expect(uses.run({ uses: 'now' }, context)).toBe(5)
  expect(() => uses.run({ uses: 'no' }, context)).toThrow(StageError)
})

test('a function that fails because it was stopped fails with the reason, at once and later', async () => {
  const signal = AbortSignal.abort(new StageError('stop', { category: 'cancelled' }))
  for (const run of [() => JSON.parse('{'), () => Promise.reject(new Error('mine'))]) {
    const host = registered({ f: { run } })
    expect(await failureOf(runKind(uses, { uses: 'f' }, { ...host, signal }))).toMatchObject({ category: 'cancelled' })
  }
})

test('a function that returns nothing gives null, and one without input gets {}', async () => {
  const directory = folderWith({ 'x.js': 'export const f = (input) => { if (Object.keys(input).length) throw 1 }' })
  expect((await runKind(uses, { uses: './x.js#f' }, { directory })).output).toBeNull()
})

test('calls an export of a package, found from the folder of the pipeline', async () => {
  const directory = folderWith({
    'node_modules/@me/tools/package.json': JSON.stringify({
      name: '@me/tools',
      type: 'module',
      exports: {
        '.': { require: './no.cjs', import: './main.js' },
        './deep/*': { types: './x.d.ts', default: './lib/*.js' },
        './hidden': null,
      },
    }),
    'node_modules/@me/tools/main.js': 'export const f = () => "main"',
    'node_modules/@me/tools/lib/a/b.js': 'export const f = () => "deep"',
    'node_modules/old/package.json': '{"name":"old","main":"m.cjs"}',
    'node_modules/old/m.cjs': 'module.exports = { f: () => "old" }',
    'node_modules/old/lib/x.cjs': 'exports.f = () => "sub"',
  })
  const call = async (name: string) => (await runKind(uses, { uses: name }, { directory })).output
  expect(await call('@me/tools#f')).toBe('main')
  expect(await call('@me/tools/deep/a/b#f')).toBe('deep')
  expect(await call('old#f')).toBe('old')
  expect(await call('old/lib/x.cjs#f')).toBe('sub')
  for (const name of ['@me/tools/hidden#f', '@me/tools/lib/a/b.js#f', 'none#f', 'old/../../x.js#f']) {
    const failure = await failureOf(call(name))
    expect(failure).toMatchObject({ category: 'validation', code: 'bad_function', retryable: false })
    expect(failure.message).toContain(`There is no package "${name.slice(0, -2)}"`)
  }
})

test('calls a registered function, which goes before a built-in one of the same name', async () => {
  const shout = defineFunction({
    input: z.strictObject({ text: z.string(), times: z.int().default(2) }),
    output: z.string(),
    run: ({ text, times }) => text.toUpperCase().repeat(times),
  })
  const host = registered({ shout, 'core/log': { run: () => 'mine' } })
  expect((await runKind(uses, { uses: 'shout', with: { text: 'a' } }, host)).output).toBe('AA')
  expect((await runKind(uses, { uses: 'core/log' }, host)).output).toBe('mine')
})

test('input that does not fit names every place', async () => {
  const f = defineFunction({
    input: z.strictObject({ limit: z.number(), tags: z.array(z.string()) }),
    run: () => null,
  })
  const failure = await failureOf(runKind(uses, { uses: 'f', with: { limit: '5', tags: ['a', 1] } }, registered({ f })))
  expect(failure).toMatchObject({ category: 'validation', code: 'invalid_input', retryable: false })
  expect(failure.message).toContain('with.limit: ')
  expect(failure.message).toContain('with.tags[1]: ')
  expect(failure.details).toHaveLength(2)
})

test('output that does not fit fails too', async () => {
  const f: RegisteredFunction = { output: z.object({ n: z.number() }), run: () => ({ n: 'x' }) }
  const failure = await failureOf(runKind(uses, { uses: 'f' }, registered({ f })))
  expect(failure).toMatchObject({ category: 'validation', code: 'invalid_output' })
  expect(failure.message).toContain('output.n: ')
})

test('an error keeps its message, its name, its cause and the line in the file of the user', async () => {
  const directory = folderWith({
    'stages/x.ts': `import { check } from './help.ts'
type N = number

export async function f({ n }: { n: N }) {
  if (n === 1) check()
  throw new RangeError('too large', { cause: new Error('because') })
}`,
    'stages/help.ts': `export const check = () => {
  throw new TypeError('from the helper')
}`,
  })
  const fail = (n: number) => failureOf(runKind(uses, { uses: './stages/x.ts#f', with: { n } }, { directory }))
  const failure = await fail(0)
  expect(failure).toMatchObject({ category: 'internal', code: 'internal', message: 'too large', retryable: true })
  expect(failure.details).toEqual({ at: 'stages/x.ts:6:9', name: 'RangeError', cause: 'because' })
  expect((await fail(1)).details).toMatchObject({ at: expect.stringMatching(/^stages\/x\.ts:5:/), name: 'TypeError' })
})

test('the line is right when Node loads the file', () => {
  const directory = folderWith({
    'x.ts': `\n\nexport const f = (x: object): never => {\n  throw new Error(String(x))\n}`,
  })
  expect(inNode(directory, { uses: './x.ts#f' }).details).toEqual({ at: 'x.ts:4:9' })
})

test.each([
  ['null', 'Something that is no error was thrown: null'],
  ['"text"', 'Something that is no error was thrown: text'],
  ['{ a: 1 }', 'Something that is no error was thrown: {"a":1}'],
  ['undefined', 'Something that is no error was thrown: undefined'],
  ['Object.create(null)', 'Something that is no error was thrown: {}'],
  ['Object.freeze(new Error("cold"))', 'cold'],
  ['new Error()', 'Error without a message'],
])('throw %s is told as "%s"', async (thrown, message) => {
  const directory = folderWith({ 'x.js': `export const f = () => { throw ${thrown} }` })
  expect((await failureOf(runKind(uses, { uses: './x.js#f' }, { directory }))).message).toBe(message)
})

test('a StageError passes through, from another copy of this package as well', async () => {
  const own = new StageError('slow down', { category: 'rate_limit', retryAfterMs: 5 })
  const f: RegisteredFunction = {
    run() {
      throw own
    },
  }
  expect(await failureOf(runKind(uses, { uses: 'f' }, registered({ f })))).toBe(own)
  const directory = folderWith({
    'x.js': `class StageError extends Error { name = 'StageError'; category = 'network'; code = 'dns'; retryable = false; details = { host: 'x' } }
export const f = () => { throw new StageError('no host') }`,
  })
  const foreign = await failureOf(runKind(uses, { uses: './x.js#f' }, { directory }))
  expect(foreign).toMatchObject({ category: 'network', code: 'dns', retryable: false, details: { host: 'x' } })
})

test('what a cancelled function throws is the reason of the signal', async () => {
  const abort = new AbortController()
  const f: RegisteredFunction = {
    run: (_input, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('x')))),
  }
  const done = runKind(uses, { uses: 'f' }, { signal: abort.signal, ...registered({ f }) })
  setImmediate(() => abort.abort(new Error('cancelled')))
  await expect(done).rejects.toThrow('cancelled')
})

test.each([
  ['./x.ts', 'names no function'],
  ['./x.ts#', 'names no function'],
  ['#f', 'names no function'],
  ['./none.ts#f', 'There is no file "./none.ts"'],
  ['./x.js#f', 'Did you mean "./x.ts"?'],
  ['./x.ts#hullo', 'there is no export "hullo". Did you mean "hello"?'],
  ['./x.ts#number', 'is no function, but a value of type number'],
  ['./x.ts#toString', 'there is no export "toString"'],
  ['core/lok', 'There is no function "core/lok". Did you mean "core/log"?'],
  ['constructor', 'There is no function "constructor".'],
])('%s: %s', async (name, message) => {
  const directory = folderWith({ 'x.ts': 'export const hello = () => 1; export const number = 1' })
  const failure = await failureOf(runKind(uses, { uses: name }, { directory }))
  expect(failure).toMatchObject({ category: 'validation', code: 'bad_function', retryable: false })
  expect(failure.message).toContain(message)
})

test.each([
  ['export enum A { B }\nexport const f = () => A.B', 'TypeScript that cannot be stripped'],
  ['export const f = () => {\n  const = 1\n}', '(x.ts:2'],
  ['import x from "not-installed"\nexport const f = () => x', 'imports something that is not there'],
  ['import x from "./gone.ts"\nexport const f = () => x', 'imports something that is not there'],
  ['throw new Error("at load")', '(x.ts:1:7): at load'],
])('a file that cannot be loaded says why: %j', (text, message) => {
  const failure = inNode(folderWith({ 'x.ts': text }), { uses: './x.ts#f' })
  expect(failure.code).toBe('load_failed')
  expect(failure.message).toContain('"./x.ts#f" could not be loaded')
  expect(failure.message).toContain(message)
})

test('undo calls the undo of the function', async () => {
  const undone: unknown[] = []
  const f: RegisteredFunction = { run: () => 1, undo: (...given: unknown[]) => void undone.push(given.slice(0, 2)) }
  const { context } = await runKind(uses, { uses: 'f', with: { a: 1 } }, registered({ f }))
  await uses.undo?.(1, { uses: 'f', with: { a: 1 } }, context)
  expect(undone).toEqual([[1, { a: 1 }]])
})
