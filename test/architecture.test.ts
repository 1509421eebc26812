/**
 * The floors of the house: a file imports from its own folder and from floors below, there are no rings, and every
 * dependency has one home.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../src', import.meta.url))
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replaceAll('\\', '/'))
  .sort()

/** Floors from the ground up; siblings share a floor and do not know each other. */
const floors = [
  ['foundation'],
  ['compiler', 'stages', 'triggers'],
  ['execution'],
  ['app'],
  ['index'],
  ['cli', 'server', 'worker'],
]

/** Where a package may be imported, besides `import type`. */
const homes: Record<string, RegExp> = {
  yaml: /^compiler\/(phases\/1-parse\.ts|yaml\/)/,
  '@marcbachmann/cel-js': /^foundation\/expression\//,
  re2js: /^foundation\/expression\//,
  ajv: /^foundation\/schema/,
  'ajv-formats': /^foundation\/schema/,
  '@langchain/langgraph': /^(compiler\/lower|execution)\//,
  '@langchain/langgraph-checkpoint': /^(compiler\/lower|execution)\//,
  immer: /^execution\/variables\.ts$/,
  'node:sqlite': /^execution\/stores\/sqlite/,
  commander: /^cli\//,
  'node:child_process': /^stages\//,
  leven: /^foundation\/suggest\.ts$/,
  'es-module-lexer': /^compiler\/exports/,
  langchain: /^stages\//,
}

interface Import {
  readonly from: string
  readonly specifier: string
  readonly typeOnly: boolean
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '')
  const statements = text.matchAll(/^\s*(import|export)(\s+type)?\b([^'"()]*?)\bfrom\s+['"]([^'"]+)['"]/gm)
  const bare = text.matchAll(/^\s*import\s+['"]([^'"]+)['"]/gm)
  const dynamic = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)
  return [
    ...[...statements].map(([, , type, , specifier]) => ({
      from: file,
      specifier: specifier as string,
      typeOnly: type !== undefined,
    })),
    ...[...bare, ...dynamic].map(([, specifier]) => ({ from: file, specifier: specifier as string, typeOnly: false })),
  ]
}

const imports = files.flatMap(importsOf)
const local = imports
  .filter(({ specifier }) => specifier.startsWith('.'))
  .map((each) => ({
    ...each,
    to: relative(root, resolve(root, dirname(each.from), each.specifier)).replaceAll('\\', '/'),
  }))

const roomOf = (file: string): string =>
  file.includes('/') ? (file.split('/')[0] as string) : file.replace(/\.ts$/, '')
const floorOf = (room: string): number => floors.findIndex((rooms) => rooms.includes(room))

describe('the house', () => {
  it('has only rooms that are on a floor', () => {
    expect([...new Set(files.map(roomOf))].filter((room) => floorOf(room) === -1)).toEqual([])
  })

  it('imports from its own folder and from floors below', () => {
    const wrong = local.filter(({ from, to }) => {
      const [own, other] = [roomOf(from), roomOf(to)]
      return own !== other && floorOf(own) <= floorOf(other)
    })
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([])
  })

  it('has no import rings', () => {
    const graph = new Map<string, string[]>()
    for (const { from, to } of local) graph.set(from, [...(graph.get(from) ?? []), to])
    expect(findRing(graph)).toBeUndefined()
  })

  it('imports every file by its name, and only files that exist', () => {
    expect(local.filter(({ to }) => !files.includes(to)).map(({ from, to }) => `${from} → ${to}`)).toEqual([])
  })

  it.each(Object.entries(homes))('keeps %s in its home', (name, home) => {
    const strangers = imports.filter(
      ({ specifier, typeOnly, from }) =>
        !typeOnly &&
        (specifier === name || (name !== 'node:sqlite' && specifier.startsWith(`${name}/`))) &&
        !home.test(from),
    )
    expect(strangers.map(({ from }) => from)).toEqual([])
  })

  it('never turns text into code', () => {
    const gate = /\beval\(|new Function\(|from 'node:vm'|import\('node:vm'\)/
    expect(files.filter((file) => gate.test(readFileSync(join(root, file), 'utf8')))).toEqual([])
  })
})

/** The first ring found, as a list of files, or undefined. */
function findRing(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return undefined
    path.push(file)
    for (const next of graph.get(file) ?? []) {
      const ring = visit(next)
      if (ring) return ring
    }
    path.pop()
    done.add(file)
    return undefined
  }
  for (const file of graph.keys()) {
    const ring = visit(file)
    if (ring) return ring
  }
  return undefined
}
