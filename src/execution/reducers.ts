/** Reducers of the user's own (`merge: ./reducers.ts#name`), loaded on first use. */
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { StageError } from '../foundation/errors.ts'
import type { Json } from '../foundation/json.ts'
import { resolvePackage } from '../foundation/uses/resolve-package.ts'

/** Takes the value so far and what one stage set; may change the former or return a new value. Pure. */
export type Reducer = (current: Json, update: Json) => Json | undefined

export interface ReducerSource {
  readonly file: string
  readonly export: string
}

/** Loads synchronously, since folds happen where nothing can be awaited. Throws StageError. */
export function loadReducer({ file, export: name }: ReducerSource, directory: string): Reducer {
  const path = isPath(file) ? resolve(directory, file) : (resolvePackage(file, directory) ?? file)
  const exported = load(path, file)[name]
  if (typeof exported === 'function') return exported as Reducer
  throw new StageError(`"${file}" exports no function "${name}".`, { category: 'validation', code: 'export_missing' })
}

const isPath = (file: string): boolean => /^\.{0,2}\//.test(file)

function load(path: string, file: string): Record<string, unknown> {
  try {
    return createRequire(resolve(path))(path)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StageError(`The reducer file "${file}" could not be loaded: ${why}`, { category: 'internal', cause })
  }
}
