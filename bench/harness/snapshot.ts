/**
 * Builds `src` once per version of it, into a folder named by the digest of what is measured.
 *
 * What users run is the built code; and a benchmark of half an hour must not change under its own feet.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Lowering } from './contract.ts'
import { benchFolder, rootFolder, snapshotsFolder } from './places.ts'

/** Digest of our source and its lock: the version that is measured. */
export const sourceDigest = (): string =>
  digestOf([...sourcesIn(join(rootFolder, 'src')), join(rootFolder, 'package-lock.json')])

/** Digest of what measures: with another one, earlier times say nothing. */
export const benchDigest = (): string =>
  digestOf([
    ...['harness', 'rivals', 'workloads', 'compile'].flatMap((folder) => sourcesIn(join(benchFolder, folder))),
    join(benchFolder, 'package-lock.json'),
  ])

function digestOf(files: readonly string[]): string {
  const hash = createHash('sha256').update(process.version)
  for (const file of files) hash.update(file).update(readFileSync(file))
  return hash.digest('hex').slice(0, 12)
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .toSorted()
}

/** Where the snapshot of a version is, if it is. Ends in `/`. */
export const snapshotNamed = (name: string): string => `${snapshotsFolder}${name}/`

/** The folder with the built `dist` and our package.json; ends in `/`. Throws when it cannot be built. */
export function buildSnapshot(name: string): string {
  const folder = snapshotNamed(name)
  if (existsSync(folder)) return folder
  const building = `${snapshotsFolder}building-${process.pid}/`
  mkdirSync(building, { recursive: true })
  const tsc = join(rootFolder, 'node_modules/typescript/bin/tsc')
  const built = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', `${building}dist`], {
    cwd: rootFolder,
    encoding: 'utf8',
  })
  if (built.status !== 0) throw new Error(`src does not build:\n${built.stdout}${built.stderr}`)
  copyFileSync(join(rootFolder, 'package.json'), `${building}package.json`)
  renameSync(building, folder)
  return folder
}

/** Throws rather than have one lowering measured under the name of another. */
export function assertLowering(snapshot: string, lowering: Lowering): void {
  if (existsSync(`${snapshot}dist/compiler/lower/${lowering}.js`)) return
  throw new Error(`The engine has no lowering "${lowering}" yet: there is no src/compiler/lower/${lowering}.ts.`)
}
