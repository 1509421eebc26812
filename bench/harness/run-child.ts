/** Starts a child process for one measurement and reads what it found. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChildOrder } from './child.ts'
import type { Finding } from './contract.ts'
import { childFile, snapshotVariable } from './places.ts'

export interface ChildRequest extends Omit<ChildOrder, 'directory' | 'answerFile'> {
  readonly snapshot: string
  /** The child is killed after this. Milliseconds. */
  readonly limitMs: number
  /** More flags for Node, such as a profiler's. */
  readonly flags?: readonly string[]
}

/** What the child found; `timeout` when it took too long; otherwise why it failed. */
export type ChildAnswer = { readonly finding: Finding } | { readonly failed: 'timeout' | (string & {}) }

export async function runChild({ snapshot, limitMs, flags = [], ...request }: ChildRequest): Promise<ChildAnswer> {
  const directory = mkdtempSync(join(tmpdir(), 'stagegraph-bench-'))
  const answerFile = join(directory, 'answer.json')
  const order: ChildOrder = { ...request, directory, answerFile }
  try {
    const args = [
      '--expose-gc',
      '--no-warnings',
      '--max-old-space-size=6144',
      ...flags,
      childFile,
      JSON.stringify(order),
    ]
    const { code, signal, stderr } = await ended(args, snapshot, limitMs)
    if (signal === 'SIGKILL') return { failed: 'timeout' }
    if (code !== 0) return { failed: stderr.trim().slice(-600) || `exit ${code ?? signal}` }
    return { finding: JSON.parse(readFileSync(answerFile, 'utf8')) as Finding }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

function ended(args: readonly string[], snapshot: string, limitMs: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, [snapshotVariable]: snapshot, LANGSMITH_TRACING: 'false', NODE_OPTIONS: '' }
    const child = spawn(process.execPath, args, {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: Math.ceil(limitMs),
      killSignal: 'SIGKILL',
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stderr }))
  })
}
