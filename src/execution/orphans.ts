/**
 * Commands that outlived the engine which started them. They are killed before their stages run again, so that no stage
 * is ever done by two at once.
 *
 * They are found by the mark in their environment (`stages/process/mark.ts`), which children inherit: also those that
 * left the process group. Only commands of stages in flight are meant: what a stage that is done has left running on
 * purpose, a server for instance, stays.
 *
 * Linux only: elsewhere no process can read another one's environment, and orphans are left to their idempotency keys.
 * So are commands that run as another user.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { endGroup } from '../stages/process/group.ts'
import { type Mark, markVariable, readMark } from '../stages/process/mark.ts'
import { isOnThisBoot } from './owner.ts'
import type { RunOwner } from './store.ts'

/** Milliseconds between SIGTERM and SIGKILL. */
const graceMs = 1_000
/** A process may start others while its group is being ended: they are looked for again, so often at most. */
const rounds = 5

/**
 * Ends what `owner` left running for stages of the thread that are in flight, and waits until it is gone; returns the
 * groups. Costs a look at every process; `inFlight` is asked only when there is an orphan. False when one cannot be
 * ended.
 */
export async function endOrphans(
  owner: RunOwner,
  thread: string,
  inFlight: () => Promise<readonly string[]>,
): Promise<readonly number[] | false> {
  if (process.platform !== 'linux' || !isOnThisBoot(owner)) return []
  const isTheirs = (mark: Mark) => mark.engine === owner.engine && mark.thread === thread
  if (groupsOf(isTheirs).length === 0) return []
  const stages = new Set(await inFlight())
  const ended: number[] = []
  for (let round = 0; round < rounds; round++) {
    const groups = groupsOf((mark) => isTheirs(mark) && stages.has(mark.stage))
    if (groups.length === 0) return ended
    const gone = await Promise.all(groups.map((group) => endGroup(group, graceMs)))
    if (gone.includes(false)) return false
    ended.push(...groups)
  }
  return false
}

/** Process groups with a member that has such a mark; never our own. */
function groupsOf(isMeant: (mark: Mark) => boolean): number[] {
  const groups = new Set<number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const mark = markOf(name)
    const group = mark && isMeant(mark) ? groupOf(name) : undefined
    if (group !== undefined) groups.add(group)
  }
  groups.delete(groupOf('self') ?? 0)
  return [...groups]
}

function markOf(pid: string): Mark | undefined {
  const text = readProc(pid, 'environ')
  const prefix = `${markVariable}=`
  const entry = text?.includes(prefix) ? text.split('\0').find((each) => each.startsWith(prefix)) : undefined
  return entry === undefined ? undefined : readMark(entry.slice(prefix.length))
}

/** `pid (name) state ppid pgrp …`, where the name may hold anything, brackets too. Undefined: gone, or a zombie. */
function groupOf(pid: string): number | undefined {
  const stat = readProc(pid, 'stat')
  if (stat === undefined) return undefined
  const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === 'Z' || state === 'X' ? undefined : Number(group)
}

function readProc(pid: string, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return undefined // it ended while we looked, or is another user's
  }
}
