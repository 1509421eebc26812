/**
 * Builds `src` once per version of it, into a folder named by the digest of what is measured.
 *
 * What users run is the built code; and a benchmark of half an hour must not change under its own feet.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { benchFolder, rootFolder, snapshotsFolder } from './places.ts'

/** Digest of our source, of the benchmark's, and of both locks. */
export function fingerprint(): string {
  const hash = createHash('sha256').update(process.version)
  const files = [
    ...sourcesIn(join(rootFolder, 'src')),
    ...['harness', 'rivals', 'workloads', 'compile'].flatMap((folder) => sourcesIn(join(benchFolder, folder))),
    join(rootFolder, 'package-lock.json'),
    join(benchFolder, 'package-lock.json'),
  ]
  for (const file of files) hash.update(file).update(readFileSync(file))
  return hash.digest('hex').slice(0, 12)
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .toSorted()
}

/** The folder with the built `dist` and our package.json; ends in `/`. Throws when it cannot be built. */
export function buildSnapshot(name: string): string {
  const folder = `${snapshotsFolder}${name}/`
  if (existsSync(folder)) return folder
  rmSync(snapshotsFolder, { recursive: true, force: true })
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
