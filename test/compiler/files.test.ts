import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFileReader } from '../../src/compiler/files.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-files-'))
  const write = (name: string, data: string | Buffer) => writeFileSync(join(folder, name), data)
  write('text.md', '\ufeffTea, and Gebäck.\n')
  write('binary', Buffer.from([1, 0, 2]))
  write('latin1.md', Buffer.from([0x47, 0xe4]))
  write('large.md', '')
  truncateSync(join(folder, 'large.md'), 5 * 1024 * 1024)
  write('f.ts', '')
  mkdirSync(join(folder, 'sub'))
  symlinkSync('circle', join(folder, 'circle'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a file beside the pipeline', () => {
  it('is text, read from the folder of the pipeline, without a byte order mark', () => {
    expect(createFileReader(folder).read('./text.md')).toMatchObject({ text: 'Tea, and Gebäck.\n' })
  })

  it('is read once: a compile sees one state of it', () => {
    const { read } = createFileReader(folder)
    writeFileSync(join(folder, 'changing.md'), 'before')
    const before = read('changing.md')
    writeFileSync(join(folder, 'changing.md'), 'after')
    expect(read('./sub/../changing.md')).toBe(before)
    expect(createFileReader(folder).read('changing.md')).toMatchObject({ text: 'after' })
  })

  it('has a digest that changes with its text', () => {
    writeFileSync(join(folder, 'a.md'), 'a')
    writeFileSync(join(folder, 'b.md'), 'b')
    writeFileSync(join(folder, 'a2.md'), 'a')
    const digests = ['a.md', 'b.md', 'a2.md'].map((name) => createFileReader(folder).read(name))
    const [a, b, again] = digests.map((found) => ('digest' in found ? found.digest : ''))
    expect(a).toMatch(/^[0-9a-f]{64}$/)
    expect(b).not.toBe(a)
    expect(again).toBe(a)
  })

  it.each([
    ['nowhere.md', 'file_unreadable', 'does not exist'],
    ['text.md/inside', 'file_unreadable', 'does not exist'],
    ['sub', 'file_unreadable', 'is a folder'],
    ['pipe', 'file_unreadable', 'is no ordinary file'],
    ['/dev/zero', 'file_unreadable', 'is no ordinary file'],
    ['circle', 'file_unreadable', 'is a link that leads to itself'],
    ['a\0b', 'file_unreadable', 'is no name of a file'],
    ['x'.repeat(5_000), 'file_unreadable', 'has a name that is too long for a file'],
    ['large.md', 'file_unreadable', 'has 5242880 bytes; at most 4194304 are read'],
    ['f.js', 'file_unreadable', 'does not exist, but .ts does'],
    ['latin1.md', 'file_not_text', 'is not UTF-8 text'],
    ['binary', 'file_not_text', 'holds bytes that are no text'],
  ])('that cannot be read gives a reason and never throws or waits: %j', (path, code, reason) => {
    expect(createFileReader(folder).read(path)).toEqual({ code, reason })
  })

  it('is called as people see it from where they stand', () => {
    const { nameOf } = createFileReader(folder, 'examples')
    expect(nameOf('./prompts/a.md')).toBe('examples/prompts/a.md')
    expect(nameOf('/etc/a.md')).toBe('/etc/a.md')
  })
})
