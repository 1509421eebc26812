/** Our package as this benchmark measures it: the built snapshot, so that edits of `src` cannot move under a run. */
import { pathToFileURL } from 'node:url'
import { snapshotVariable } from './places.ts'

/** The built snapshot's folder, which ends in `/`. Only child processes have one. */
export function snapshotFolder(): string {
  const folder = process.env[snapshotVariable]
  if (!folder) throw new Error('This module is for child processes of the benchmark: npm run bench')
  return folder
}

export const loadOurs = (): Promise<typeof import('../../src/index.ts')> => load('index.js')

/** The compiler alone, with the kinds and functions that come with us. */
export async function loadCompiler() {
  const [compiler, stages] = await Promise.all([
    load<typeof import('../../src/compiler/compile.ts')>('compiler/compile.js'),
    load<typeof import('../../src/stages/index.ts')>('stages/index.js'),
  ])
  return { ...compiler, ...stages }
}

const load = <Module>(file: string): Promise<Module> => import(pathToFileURL(`${snapshotFolder()}dist/${file}`).href)
