/** The command line, as processes of their own: what one leaves behind, the next one finds in the file. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Desk {
  readonly folder: string
  /** Writes a pipeline. */
  write(name: string, text: string): void
  /** Text of a file in the folder; empty when there is none. */
  read(name: string): string
  /** A process that ends by itself, or is killed by what it runs. */
  stagegraph(...args: string[]): Promise<Ran>
  clear(): void
}

const main = resolve(import.meta.dirname, '../../src/cli/main.ts')

export function openDesk(): Desk {
  const folder = mkdtempSync(join(tmpdir(), 'stagegraph-desk-'))
  return {
    folder,
    write: (name, text) => writeFileSync(join(folder, name), text),
    read(name) {
      try {
        return readFileSync(join(folder, name), 'utf8')
      } catch {
        return ''
      }
    },
    stagegraph: (...args) => run(folder, [...args, '--store', 'runs.db']),
    clear: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function run(cwd: string, args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...process.env, NO_COLOR: '1' } })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  return new Promise((done, reject) => {
    child.on('error', reject)
    child.on('close', (code) => done({ code, out, err }))
  })
}
