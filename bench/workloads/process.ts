/** A whole Node process as a repetition: wall time from here, CPU time as the process itself reports it when it exits. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sample } from '../harness/contract.ts'
import { benchFolder } from '../harness/places.ts'

const reporter = `${benchFolder}harness/report-cpu.mjs`

/** Runs `node …args` and measures it; throws when it fails or does not print `expected`. */
export function measuredProcess(args: readonly string[], cwd: string, expected: string): Sample {
  const answer = join(cwd, 'cpu.json')
  const start = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', reporter, ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, STAGEGRAPH_BENCH_CPU: answer, NO_COLOR: '1' },
  })
  const wallUs = (performance.now() - start) * 1_000
  if (status !== 0 || !stdout.includes(expected))
    throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`)
  return { cpuUs: (JSON.parse(readFileSync(answer, 'utf8')) as { cpuUs: number }).cpuUs, wallUs }
}
