/** Where in the user's own file an error comes from. */
import { relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/**
 * `stages/x.ts:12:7`, relative to `directory`: the first line of the stack inside `file`, else inside another file of
 * the folder; undefined when the stack names none. (Node strips types without moving anything, so lines are the user's.)
 */
export function placeOf(thrown: unknown, file: string, directory: string): string | undefined {
  const frames = [...stackOf(thrown).matchAll(framePattern)].map(([, where, line, column]) => ({
    path: toPath(where as string),
    at: column === undefined ? `${line}` : `${line}:${column}`,
  }))
  const inFolder = directory + sep
  const frame =
    frames.find(({ path }) => path === file) ??
    frames.find(({ path }) => path.startsWith(inFolder) && !path.includes(`${sep}node_modules${sep}`))
  return frame && `${relative(directory, frame.path).split(sep).join('/')}:${frame.at}`
}

/** The head of the stack, where syntax errors name their place, and its frames; long messages in between are left out. */
function stackOf(thrown: unknown): string {
  const stack = thrown instanceof Error && typeof thrown.stack === 'string' ? thrown.stack : ''
  const frames = stack.indexOf('\n    at ')
  const head = frames === -1 ? stack : stack.slice(0, frames)
  return `${head.slice(0, 1_000)}${frames === -1 ? '' : stack.slice(frames, frames + 16_000)}`
}

/** `file:///x.ts?version:12:7`, `/x.ts:12:7`, and `file:///x.ts:12` as syntax errors begin. */
const framePattern = /((?:file:\/\/)?\/[^\n()]*?)(?:\?[^\s:()]*)?:(\d+)(?::(\d+))?(?=[)\n]|$)/gm

function toPath(where: string): string {
  try {
    return where.startsWith('file:') ? fileURLToPath(where) : where
  } catch {
    return where
  }
}

/** The address to import `file` under: it changes with the file's content, so that an edited file is read again. */
export const versionedUrl = (file: string, version: string): string => `${pathToFileURL(file).href}?v=${version}`
