/** CPU and wall time of one repetition. CPU is of the whole process, garbage collection and helper threads included. */
import type { Sample } from './contract.ts'

export async function metered<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly sample: Sample }> {
  globalThis.gc?.()
  const peak = process.resourceUsage().maxRSS
  const cpu = process.cpuUsage()
  const start = performance.now()
  const value = await work()
  const wallUs = (performance.now() - start) * 1_000
  const { user, system } = process.cpuUsage(cpu)
  const memoryBytes = (process.resourceUsage().maxRSS - peak) * 1_024
  return { value, sample: { cpuUs: user + system, wallUs, memoryBytes } }
}
