/** The checks of `doctor`, each giving what it found. */
import { accessSync, constants, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { StagegraphError } from '../foundation/errors.ts'
import { unsupportedNode } from './node-version.ts'
import { defaultStorePath, findProjectRoot } from './project-root.ts'
import { speaksUnicode } from './render/style.ts'
import type { Terminal } from './terminal.ts'

export interface Finding {
  readonly state: 'good' | 'note' | 'bad'
  readonly text: string
}

const good = (text: string): Finding => ({ state: 'good', text })
const note = (text: string): Finding => ({ state: 'note', text })
const bad = (text: string): Finding => ({ state: 'bad', text })

export async function examine(terminal: Terminal, store: string | undefined): Promise<Finding[]> {
  const path = store === undefined ? defaultStorePath(terminal.cwd) : resolve(terminal.cwd, store)
  return [
    nodeFinding(process.versions.node),
    good(`Project root: ${findProjectRoot(terminal.cwd)}`),
    await storeFinding(path, terminal.cwd),
    ...packageFindings(terminal.cwd),
    ...platformFindings(terminal),
  ]
}

export function nodeFinding(version: string): Finding {
  const sentence = unsupportedNode(version)
  return sentence === undefined ? good(`Node ${version}`) : bad(sentence)
}

/** Looks into a store that is there; does not make one. */
async function storeFinding(path: string, cwd: string): Promise<Finding> {
  const shown = relative(cwd, path) || path
  if (!existsSync(path)) return newStoreFinding(path, shown)
  const { openSqliteStore } = await import('../execution/stores/sqlite.ts')
  try {
    const store = openSqliteStore(path)
    const { schemaVersion, bytes } = await store.describe()
    await store.close()
    accessSync(path, constants.W_OK)
    return good(`Store ${shown}: schema version ${schemaVersion}, ${Math.ceil(bytes / 1024)} KiB, writable`)
  } catch (error) {
    const hint = error instanceof StagegraphError && error.hint ? ` ${error.hint}` : ''
    return bad(`Store ${shown}: ${(error as Error).message}${hint}`)
  }
}

function newStoreFinding(path: string, shown: string): Finding {
  const folder = nearestFolder(dirname(path))
  try {
    accessSync(folder, constants.W_OK)
    return good(`Store ${shown}: not there yet; the first run makes it`)
  } catch {
    return bad(`Store ${shown}: "${folder}" may not be written by you. Name another place with --store.`)
  }
}

const nearestFolder = (folder: string): string =>
  existsSync(folder) || folder === dirname(folder) ? folder : nearestFolder(dirname(folder))

/** Packages that only some stages need. */
const optionalPackages: readonly (readonly [name: string, what: string])[] = [
  ['langchain', 'llm stages'],
  ['@langchain/openai', 'llm stages with openai: models'],
  ['@langchain/anthropic', 'llm stages with anthropic: models'],
]

function packageFindings(cwd: string): Finding[] {
  const places = [createRequire(import.meta.url), createRequire(join(cwd, 'package.json'))]
  return optionalPackages.map(([name, what]) =>
    places.some((place) => isInstalled(place, name))
      ? good(`${name} is installed (${what})`)
      : note(`${name} is not installed; only ${what} need it: npm install ${name}`),
  )
}

/** Looks for the package's folder: its exports may be for `import` only. */
const isInstalled = (require: NodeJS.Require, name: string): boolean =>
  (require.resolve.paths(name) ?? []).some((folder) => existsSync(join(folder, name, 'package.json')))

function platformFindings({ platform, env }: Terminal): Finding[] {
  const isWindows = platform === 'win32'
  return [
    isWindows
      ? note('Windows has no process groups: a cancelled command may leave processes of its own behind.')
      : good(`Platform ${platform}: commands are stopped with their whole process group`),
    ...(speaksUnicode(env, platform) ? [] : [note('The locale is not UTF-8 (LANG): the tree is drawn in ASCII.')]),
    note('Keep the store on a local disk: SQLite locks do not hold on network file systems.'),
  ]
}
