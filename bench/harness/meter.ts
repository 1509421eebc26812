/**
 * CPU and wall time of one repetition. CPU is of the whole process, garbage collection and helper threads included.
 *
 * What was there before is collected first, and given time: a collection goes on in helper threads for some milliseconds.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sample } from './contract.ts'

/** Milliseconds. */
const sweepMs = 40

export async function metered<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly sample: Sample }> {
  if (globalThis.gc) {
    globalThis.gc()
    await sleep(sweepMs)
  }
  return clocked(work)
}

/** The same, with whatever was there before. */
export async function clocked<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly sample: Sample }> {
  const peak = process.resourceUsage().maxRSS
  const cpu = process.cpuUsage()
  const start = performance.now()
  const value = await work()
  const wallUs = (performance.now() - start) * 1_000
  const { user, system } = process.cpuUsage(cpu)
  const memoryBytes = (process.resourceUsage().maxRSS - peak) * 1_024
  return { value, sample: { cpuUs: user + system, wallUs, memoryBytes } }
}
