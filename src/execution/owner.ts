/**
 * Who runs a run: an identity that outlives neither its process nor its boot, and how to tell that it is gone.
 *
 * A pid alone is not enough (it is given out again), so the start time of the process and the boot id go with it.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { HeldLease, RunOwner } from './store.ts'

export function currentOwner(engine: string): RunOwner {
  return { host: hostname(), pid: process.pid, started: startedAt(process.pid) ?? '', boot: bootId(), engine }
}

/** True only when it is certain. An owner on another host is never known to be dead: leases decide that. */
export function isOwnerDead(owner: RunOwner): boolean {
  if (owner.host !== hostname()) return false
  if (owner.boot !== bootId()) return true
  const started = startedAt(owner.pid)
  return started === undefined || (owner.started !== '' && started !== owner.started)
}

/** Whoever holds the thread has lost it: gone, or without a sign of life for too long. */
export const hasLapsed = ({ owner, expiresAtMs }: HeldLease, nowMs: number): boolean =>
  expiresAtMs <= nowMs || isOwnerDead(owner)

/** It ran on this machine, since it was last started. */
export const isOnThisBoot = (owner: RunOwner): boolean => owner.host === hostname() && owner.boot === bootId()

export const sameOwner = (a: RunOwner, b: RunOwner): boolean =>
  a.host === b.host && a.boot === b.boot && a.pid === b.pid && a.started === b.started && a.engine === b.engine

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return '' // not Linux: the pid and its start time have to do
  }
}

/** The start time of a process (field 22 of /proc/<pid>/stat), '' where that cannot be read, undefined when it is gone. */
function startedAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name may hold spaces and parentheses
    return fields[0] === 'Z' ? undefined : (fields[19] ?? '') // a zombie runs nothing
  } catch {
    return existsBySignal(pid) ? '' : undefined
  }
}

function existsBySignal(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
