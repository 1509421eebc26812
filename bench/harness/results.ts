/** The results file: settings, and what each child process found. Written after every one, so nothing is measured twice. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import type { Finding, Lowering, Mode } from './contract.ts'
import { resultsFolder } from './places.ts'

export interface Settings {
  readonly mode: Mode
  readonly lowering: Lowering
  /** Digest of the source that is measured, and of what measures it. */
  readonly source: string
  readonly bench: string
  readonly node: string
  readonly machine: string
  readonly startedAt: string
}

export interface Measured {
  readonly rounds: readonly Finding[]
  /** Why the last attempt failed. */
  readonly failed?: string
}

export interface Results {
  readonly settings: Settings
  readonly cells: Readonly<Record<string, Measured>>
}

export const resultsFile = (mode: Mode, lowering: Lowering): string => `${resultsFolder}bench-${mode}-${lowering}.json`

/** Nothing when there is no file, or none that can be read. */
export function readResults(file: string): Results | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Results
  } catch {
    return undefined
  }
}

/** Replaces the file in one step. `more` is what readers want and we can work out again: rows, targets. */
export function writeResults(file: string, results: Results, more: object = {}): void {
  mkdirSync(resultsFolder, { recursive: true })
  writeFileSync(`${file}.new`, `${JSON.stringify({ ...results, ...more }, null, 1)}\n`)
  renameSync(`${file}.new`, file)
}

export const machine = (): string => `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores`

/** Results that cannot be gone on with are kept under the time at which they were begun. */
export function keepOldResults(file: string): void {
  const old = readResults(file)
  if (old) renameSync(file, file.replace(/\.json$/, `.${old.settings.startedAt.replaceAll(/[:.]/g, '-')}.json`))
}
