import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { defaultStorePath, findProjectRoot } from '../../src/cli/project-root.ts'

let root: string
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'stagegraph-root-')))
  mkdirSync(join(root, 'a/b/c'), { recursive: true })
})

describe('the project root', () => {
  it('is the folder itself when nothing marks one', () => {
    expect(findProjectRoot(join(root, 'a/b/c'))).toBe(join(root, 'a/b/c'))
  })

  it('is the nearest folder upwards with package.json or .git', () => {
    mkdirSync(join(root, '.git'))
    writeFileSync(join(root, 'a/package.json'), '{}')
    expect(findProjectRoot(join(root, 'a/b/c'))).toBe(join(root, 'a'))
  })

  it('is, before those, the nearest with a .stagegraph folder', () => {
    mkdirSync(join(root, '.stagegraph'))
    writeFileSync(join(root, 'a/package.json'), '{}')
    writeFileSync(join(root, 'a/b/.stagegraph'), 'a file is no store')
    expect(findProjectRoot(join(root, 'a/b/c'))).toBe(root)
    expect(defaultStorePath(join(root, 'a/b/c'))).toBe(join(root, '.stagegraph/runs.db'))
  })
})
