/** The pipelines in the README and the docs compile, and what is generated is what would be generated now. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { staleFiles } from '../scripts/generate-docs.ts'
import { compile } from '../src/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

const snippets = pages.flatMap((page) => {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/```yaml\n(name:[\s\S]*?)```/g)].map(
    ([, yaml], index) => [`${page} ${index + 1}`, yaml as string] as const,
  )
})

describe('the documentation', () => {
  it('has pipelines in it', () => expect(snippets.length).toBeGreaterThanOrEqual(2))

  it.each(snippets)('%s compiles without a warning', (_name, yaml) => {
    expect(compile(yaml, { path: join(root, 'examples/snippet.yaml') }).diagnostics).toEqual([])
  })

  it('links only to files that exist', () => {
    const broken = pages.flatMap((page) =>
      [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)\)/g)]
        .map(([, target]) => join(root, page, '..', target as string))
        .filter((target) => !exists(target)),
    )
    expect(broken).toEqual([])
  })

  it('that is generated is current (npm run docs)', () => expect(staleFiles()).toEqual([]))
})

function exists(path: string): boolean {
  try {
    readdirSync(path)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR'
  }
}
