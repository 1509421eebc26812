/** Many seeds, one after the other, and what came of them. */

import type { Sabotage } from './sabotage.ts'
import { type Report, simulate } from './simulate.ts'

export interface RunSeeds {
  /** Print the trace of every seed, not only of those with a violation. */
  readonly always?: boolean
  readonly sabotage?: Sabotage
  /** Stop at the first violation that says so. */
  readonly until?: RegExp
  readonly say: (line: string) => void
}

export interface Summary {
  readonly seeds: number
  readonly violated: readonly Report[]
}

const sums = ['stages', 'faults', 'processes', 'attempts', 'executions', 'ambiguous', 'late'] as const

export async function runSeeds(first: number, count: number, options: RunSeeds): Promise<Summary> {
  const { say, sabotage, always = false, until } = options
  const started = performance.now()
  const cpu = process.cpuUsage()
  const violated: Report[] = []
  const totals = new Map<string, number>()
  const add = (name: string, much = 1) => totals.set(name, (totals.get(name) ?? 0) + much)
  let done = 0
  for (let seed = first; seed < first + count; seed++) {
    const report = await simulate(seed, { ...(sabotage && { sabotage }), traced: always })
    done++
    for (const name of sums) add(name, report[name])
    for (const name of [report.lowering, report.store, report.status]) add(name)
    if (always) describe(report, say)
    if (report.violations.length > 0) {
      violated.push(report)
      if (!always) describe(await simulate(seed, { ...(sabotage && { sabotage }), traced: true }), say)
      if (report.violations.some((violation) => until?.test(violation))) break
    }
    if (done % 1_000 === 0) say(`  ${done} seeds, ${Math.round((performance.now() - started) / 1_000)} s`)
  }
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  const { user, system } = process.cpuUsage(cpu)
  const cpuSeconds = ((user + system) / 1e6).toFixed(1)
  say(`sim: ${done} seeds from ${first} in ${seconds} s (${cpuSeconds} s of CPU): ${violated.length} with violations`)
  say(`  ${[...totals].map(([name, much]) => `${name} ${much}`).join(', ')}`)
  return { seeds: done, violated }
}

function describe({ seed, violations, trace, ...rest }: Report, say: (line: string) => void): void {
  for (const line of trace) say(line)
  say(`seed ${seed}: ${JSON.stringify(rest)}`)
  for (const violation of violations) say(`seed ${seed}: ${violation}`)
  if (violations.length > 0) say(`see it again: npm run sim -- --seed ${seed}`)
}
