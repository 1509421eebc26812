/** Are the `uses:` sources still what the plan was made from? */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Plan } from '../foundation/plan.ts'

/** Names of source files whose text differs from the plan's, or that can no longer be read. */
export function changedSources(plan: Plan): string[] {
  return Object.entries(plan.files).flatMap(([file, expected]) =>
    digestOf(resolve(plan.origin.directory, file)) === expected ? [] : [file],
  )
}

function digestOf(path: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(path, 'utf8')).digest('hex')
  } catch {
    return undefined
  }
}
