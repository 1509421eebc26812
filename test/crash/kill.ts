/** Kills a run's process, as often as asked, and lets a new process go on with it until the run has ended. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from './child-messages.ts'
import type { Evidence, Trace } from './evidence.ts'
import { type Lab, type Site, trace, why } from './lab.ts'
import type { Exit } from './processes.ts'

/** When a process dies: at a numbered point of its own, or after a time, by SIGKILL from outside. */
export type Kill = { readonly point: number } | { readonly afterMs: number }

export interface Killed {
  readonly evidence: Evidence
  /** Processes that were killed; fewer than asked when the run ended before. */
  readonly kills: number
  /** What went wrong with the processes themselves. */
  readonly trouble: readonly string[]
}

export async function killAndResume(
  lab: Lab,
  site: Site,
  kills: readonly Kill[],
  without?: Job['without'],
): Promise<Killed> {
  const before: Trace[] = []
  const trouble: string[] = []
  for (const kill of kills) {
    const job = jobOf(site, before.length === 0 ? 'start' : 'resume', without)
    const exit = await runKilled(lab, job, kill)
    if (exit === 'ended') break // before it was to die
    if (exit.signal !== 'SIGKILL' || exit.stuck) trouble.push(why(exit))
    before.push(await trace(site))
  }
  trouble.push(...(await toEnd(lab, jobOf(site, 'resume', without))))
  return { evidence: { before, final: await trace(site) }, kills: before.length, trouble }
}

const jobOf = (site: Site, action: Job['action'], without: Job['without']): Job => ({
  ...site,
  action,
  ...(without && { without }),
})

/** `ended`: its job was done before. */
export async function runKilled(lab: Lab, job: Job, kill: Kill): Promise<Exit | 'ended'> {
  const child = await lab.child()
  const { last } = child.work('point' in kill ? { ...job, kill: kill.point } : job)
  const word = await ('afterMs' in kill ? Promise.race([last, sleep(kill.afterMs)]) : last)
  if (word) lab.giveBack(child)
  else child.signal('SIGKILL')
  return word ? 'ended' : child.exit
}

/** Resumes in a new process until the run has ended. Says what stood in the way. */
export async function toEnd(lab: Lab, job: Job): Promise<string[]> {
  const child = await lab.child()
  const last = await child.work(job).last
  if (!last) return [why(await child.exit)]
  lab.giveBack(child)
  return last.said === 'refused' && last.code !== 'thread_finished' ? [`${last.code}: ${last.message}`] : []
}
