/** Versions of what is compared, read from what is installed. */
import { existsSync, readFileSync } from 'node:fs'
import { benchFolder, rootFolder } from './places.ts'

/** The version of `name` in a tree's node_modules. Throws when it is not there. */
function installed(folder: string, name: string): string {
  const file = `${folder}node_modules/${name}/package.json`
  if (!existsSync(file)) throw new Error(`${name} is not installed in ${folder}node_modules. Try: cd bench && npm ci`)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

export const versionInBench = (name: string): string => installed(benchFolder, name)

export const ownVersion = (): string =>
  (JSON.parse(readFileSync(`${rootFolder}package.json`, 'utf8')) as { version: string }).version

/** Both trees must hold one version of LangGraph, or the ratios would compare two LangGraphs. */
const shared = ['@langchain/langgraph', '@langchain/langgraph-checkpoint', '@langchain/core', 'zod'] as const

/** Throws when the trees differ. */
export function assertSameLangGraph(): void {
  for (const name of shared) {
    const [ours, theirs] = [installed(rootFolder, name), installed(benchFolder, name)]
    if (ours !== theirs) throw new Error(`${name} is ${ours} for us and ${theirs} for the rivals: they must be equal.`)
  }
}
