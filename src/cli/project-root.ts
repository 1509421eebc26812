/**
 * Where runs are kept when nobody says `--store`: `.stagegraph/runs.db` in the project's root.
 *
 * The root is the nearest folder upwards that has `.stagegraph`, else the nearest with `package.json` or `.git`, else
 * the folder itself.
 */
import { existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

export function findProjectRoot(folder: string): string {
  const start = resolve(folder)
  return nearest(start, ['.stagegraph']) ?? nearest(start, ['package.json', '.git']) ?? start
}

export const defaultStorePath = (folder: string): string => join(findProjectRoot(folder), '.stagegraph', 'runs.db')

function nearest(start: string, names: readonly string[]): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (names.some((name) => isThere(join(folder, name), name))) return folder
    if (folder === dirname(folder)) return undefined
  }
}

/** `.stagegraph` counts only as a folder. */
const isThere = (path: string, name: string): boolean =>
  name === '.stagegraph' ? statSync(path, { throwIfNoEntry: false })?.isDirectory() === true : existsSync(path)
