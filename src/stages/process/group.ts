/**
 * Process groups: is one alive, and how it is ended. POSIX only.
 *
 * A group is named by the pid of its leader. The kernel gives that number to nobody else while the group has members, so
 * a signal sent right after `groupAlive` said yes cannot meet a stranger.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a killed group may take to vanish before it counts as one that cannot be killed. */
const killPatienceMs = 10_000

/** True while the group has a member that is more than a zombie. */
export function groupAlive(group: number): boolean {
  return sendSignal(group, 0) && hasRunningMember(group)
}

/** Sends a signal to every member; false when there is none. */
export function sendSignal(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Waits up to `ms` for the group to end by itself; true when it did. Counts turns of the event loop, not only time. */
export async function groupEnds(group: number, ms: number): Promise<boolean> {
  for (let waited = 0, step = 5; groupAlive(group); step = Math.min(step * 2, 50)) {
    if (waited >= ms) return false
    await sleep(step)
    waited += step
  }
  return true
}

/**
 * SIGTERM to the whole group, SIGKILL after `graceMs`; resolves when no member runs any more. False when members outlive
 * SIGKILL (a process stuck in the kernel): the caller must say so.
 */
export async function endGroup(group: number, graceMs: number): Promise<boolean> {
  sendSignal(group, 'SIGTERM')
  // A stopped process would not notice SIGTERM before it is continued.
  sendSignal(group, 'SIGCONT')
  if (await groupEnds(group, graceMs)) return true
  sendSignal(group, 'SIGKILL')
  return groupEnds(group, killPatienceMs)
}

/**
 * Zombies count as members for `kill`, and where process 1 does not reap (many containers) an orphaned one stays for
 * ever. It holds nothing and does nothing, so it must not hold us up either.
 */
function hasRunningMember(group: number): boolean {
  if (process.platform !== 'linux') return true
  try {
    return readdirSync('/proc').some((name) => /^\d+$/.test(name) && runsIn(group, name))
  } catch {
    return true
  }
}

/** `pid (name) state ppid pgrp …`, where the name may hold anything, brackets too. */
function runsIn(group: number, pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(pgrp) === group && state !== 'Z' && state !== 'X'
  } catch {
    return false // it ended while we looked
  }
}
