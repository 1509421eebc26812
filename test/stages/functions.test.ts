import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Json, JsonObject } from '../../src/foundation/json.ts'
import { builtinFunctions, builtinKinds } from '../../src/stages/index.ts'
import { uses } from '../../src/stages/uses.ts'
import { failureOf, runKind, temporaryFolder } from './support.ts'

const call = async (name: string, input: JsonObject, directory = temporaryFolder(), wishes = {}) =>
  runKind(uses, { uses: name, with: input }, { directory, ...wishes })

test('the built-in functions are these', () => {
  expect([...builtinFunctions.keys()]).toEqual(['core/log', 'core/fail', 'fs/read', 'fs/write', 'fs/glob'])
  expect(builtinKinds.get('uses')).toBe(uses)
})

test('core/log says text as it is and values as JSON, with fields', async () => {
  const { said, output } = await call('core/log', { message: 'hi', fields: { n: 1 } })
  expect(said.logs).toEqual([{ message: 'hi', fields: { n: 1 } }])
  expect(output).toBeNull()
  expect((await call('core/log', { message: [1, { a: null }] })).said.logs[0]?.message).toBe('[1,{"a":null}]')
})

test('core/fail fails with the words of the author', async () => {
  const plain = await failureOf(call('core/fail', { message: 'no' }))
  expect(plain).toMatchObject({ message: 'no', category: 'internal', code: 'failed' })
  const given = { message: 'no', category: 'network', code: 'dns', details: { host: 'x' } }
  expect(await failureOf(call('core/fail', given))).toMatchObject(given)
  expect((await failureOf(call('core/fail', { message: 'no', category: 'x' }))).code).toBe('invalid_input')
})

test('fs/read gives text, JSON or base64, from the folder of the pipeline', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'a.json'), '{"ü":[1]}')
  expect((await call('fs/read', { path: 'a.json' }, folder)).output).toBe('{"ü":[1]}')
  expect((await call('fs/read', { path: join(folder, 'a.json'), as: 'json' })).output).toEqual({ ü: [1] })
  expect((await call('fs/read', { path: 'a.json', as: 'base64' }, folder)).output).toBe('eyLDvCI6WzFdfQ==')
})

test.each([
  [{ path: 'gone' }, 'file_missing', 'Could not read "gone": it does not exist.'],
  [{ path: '.' }, 'bad_path', '"." is no regular file.'],
  [{ path: '/dev/zero' }, 'bad_path', 'is no regular file.'],
  [{ path: 'a\0b' }, 'bad_path', 'NUL character'],
  [{ path: 'binary' }, 'not_text', 'is not UTF-8 text'],
  [{ path: 'binary', as: 'json' }, 'not_text', 'is not UTF-8 text'],
  [{ path: 'text', as: 'json' }, 'not_json', '"text" is not JSON'],
  [{ path: 'large' }, 'output_too_large', '"large" has 101 bytes'],
])('fs/read of %j fails: %s', async (input, code, message) => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'binary'), Buffer.from([0xff, 0xfe]))
  writeFileSync(join(folder, 'text'), 'text')
  writeFileSync(join(folder, 'large'), 'x'.repeat(101))
  const failure = await failureOf(call('fs/read', input, folder, { outputBytes: 100 }))
  expect(failure.code).toBe(code)
  expect(failure.message).toContain(message)
})

test('fs/write writes text, JSON or bytes, and makes folders', async () => {
  const folder = temporaryFolder()
  const { output } = await call('fs/write', { path: 'a/b.txt', content: 'ü\n' }, folder)
  expect(output).toMatchObject({ path: 'a/b.txt', bytes: 3, created: true, previous: null })
  expect(readFileSync(join(folder, 'a/b.txt'), 'utf8')).toBe('ü\n')
  await call('fs/write', { path: 'c.json', content: { a: [1] } }, folder)
  expect(readFileSync(join(folder, 'c.json'), 'utf8')).toBe('{\n  "a": [\n    1\n  ]\n}\n')
  await call('fs/write', { path: 'd', content: '/w==', encoding: 'base64' }, folder)
  expect(readFileSync(join(folder, 'd'))).toEqual(Buffer.from([0xff]))
})

test('fs/write replaces in one step: mode and links stay, no temporary file does', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'real'), 'old')
  chmodSync(join(folder, 'real'), 0o640)
  symlinkSync('real', join(folder, 'link'))
  const inode = statSync(join(folder, 'real')).ino
  const { output } = await call('fs/write', { path: 'link', content: 'new' }, folder)
  expect(output).toMatchObject({ created: false, previous: Buffer.from('old').toString('base64') })
  expect(readFileSync(join(folder, 'real'), 'utf8')).toBe('new')
  expect(statSync(join(folder, 'real')).mode & 0o777).toBe(0o640)
  expect(statSync(join(folder, 'real')).ino).not.toBe(inode)
  expect(readdirSync(folder).sort()).toEqual(['link', 'real'])
})

test('fs/write leaves nothing behind when it fails or is cancelled', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'sub'))
  expect((await failureOf(call('fs/write', { path: 'sub', content: 'x' }, folder))).code).toBe('bad_path')
  const signal = AbortSignal.abort(new Error('cancelled'))
  await expect(call('fs/write', { path: 'x', content: 'x' }, folder, { signal })).rejects.toThrow('cancelled')
  expect(readdirSync(folder)).toEqual(['sub'])
  const bad = { path: 'x', content: '?', encoding: 'base64' }
  expect((await failureOf(call('fs/write', bad, folder))).code).toBe('bad_base64')
})

test('undoing fs/write removes what it created and restores what it replaced', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'old'), 'before')
  for (const path of ['new', 'old']) {
    const config = { uses: 'fs/write', with: { path, content: 'after' } }
    const { output, context } = await runKind(uses, config, { directory: folder })
    await uses.undo?.(output as Json, config, context)
    if (path === 'new') await uses.undo?.(output as Json, config, context)
  }
  expect(readdirSync(folder)).toEqual(['old'])
  expect(readFileSync(join(folder, 'old'), 'utf8')).toBe('before')
})

test('undoing fs/write refuses to destroy what others wrote since, and what was too large to keep', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'big'), 'x'.repeat(300_000))
  for (const [path, message] of [
    ['small', 'it was changed since'],
    ['big', 'too large to keep'],
  ] as const) {
    const config = { uses: 'fs/write', with: { path, content: 'after' } }
    const { output, context } = await runKind(uses, config, { directory: folder })
    if (path === 'small') writeFileSync(join(folder, path), 'by someone else')
    const failure = await failureOf(Promise.resolve(uses.undo?.(output as Json, config, context)))
    expect(failure.code).toBe('cannot_undo')
    expect(failure.message).toContain(message)
  }
})

test('fs/glob gives files, sorted, relative to the folder of the pipeline', async () => {
  const folder = temporaryFolder()
  for (const name of ['b.txt', 'a.txt', 'sub/c.txt', 'sub/d.md', 'skip/e.txt']) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), '')
  }
  symlinkSync('sub', join(folder, 'folder.txt'))
  symlinkSync('a.txt', join(folder, 'link.md'))
  const glob = async (input: JsonObject) => (await call('fs/glob', input, folder)).output
  expect(await glob({ pattern: '**/*.txt' })).toEqual(['a.txt', 'b.txt', 'folder.txt/c.txt', 'skip/e.txt', 'sub/c.txt'])
  expect(await glob({ pattern: '**', exclude: ['skip/**', '*.txt'] })).toEqual(['link.md', 'sub/c.txt', 'sub/d.md'])
  expect(await glob({ pattern: ['*.md', '*.txt'], folder: 'sub' })).toEqual(['sub/c.txt', 'sub/d.md'])
  expect(await glob({ pattern: '*.md' })).toEqual(['link.md'])
  expect(await glob({ pattern: 'none*' })).toEqual([])
  expect(await glob({ pattern: '*', folder: 'nowhere' })).toEqual([])
})
