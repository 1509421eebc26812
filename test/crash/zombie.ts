/**
 * A process that stands still until its lease has expired, and goes on when another one has finished its run.
 */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Job } from './child-messages.ts'
import type { Effect } from './effects.ts'
import { type Evidence, recorded, type Trace } from './evidence.ts'
import { toEnd } from './kill.ts'
import { type Lab, type Site, trace, why } from './lab.ts'
import { type Child, hasStopped, type Task } from './processes.ts'

/** When it stops: at a numbered point of its own, or after a time, by SIGSTOP from outside. */
export type Stop = { readonly point: number } | { readonly afterMs: number }

export interface Raised {
  readonly evidence: Evidence
  /** False when it had ended before it was to stop. */
  readonly stopped: boolean
  readonly trouble: readonly string[]
}

export async function raiseZombie(lab: Lab, site: Site, stop: Stop, without?: Job['without']): Promise<Raised> {
  const off = without && { without }
  const zombie = await lab.child()
  const task = zombie.work({ ...site, ...off, action: 'start', ...('point' in stop && { stop: stop.point }) })
  if ('afterMs' in stop) await Promise.race([sleep(stop.afterMs), task.last])
  const then = await standStill(zombie, task, site, 'afterMs' in stop)
  if (!then) {
    const word = await lastWord(lab, zombie, task)
    const trouble = ['succeeded', 'failed', 'network'].includes(word) ? [] : [word]
    return { evidence: { before: [], final: await trace(site) }, stopped: false, trouble }
  }
  const others = await toEnd(lab, { ...site, ...off, action: 'take over' })
  const finished = await trace(site)
  zombie.signal('SIGCONT')
  const own = noticedIn(await lastWord(lab, zombie, task), then)
  const final = await trace(site)
  const seen = lookAt({ then, finished, final, pid: zombie.pid })
  return { evidence: { before: [then], final }, stopped: true, trouble: [...others, ...own, ...seen] }
}

/**
 * The trace at the moment when it stands still; undefined when it has ended. A process stopped inside a transaction holds
 * the file, and nobody can do anything but wait for it: it goes on then and is stopped a little later.
 */
async function standStill(zombie: Child, task: Task, site: Site, outside: boolean): Promise<Trace | undefined> {
  for (;;) {
    if (outside) zombie.signal('SIGSTOP')
    if (!(await hasStopped(zombie, task))) {
      zombie.signal('SIGCONT')
      return undefined
    }
    if (!outside || isFree(site.store)) return trace(site)
    zombie.signal('SIGCONT')
    await sleep(1)
  }
}

/** Whether anyone could write to the file now. */
function isFree(store: string): boolean {
  const file = new DatabaseSync(store)
  try {
    file.exec('BEGIN IMMEDIATE; ROLLBACK')
    return true
  } catch {
    return false
  } finally {
    file.close()
  }
}

/** How it ended: its status, the code of its error, or what it died of. */
async function lastWord(lab: Lab, zombie: Child, { last }: Task): Promise<string> {
  const word = await last
  if (!word) return why(await zombie.exit)
  lab.giveBack(zombie)
  return word.said === 'refused' ? word.code : (word.code ?? word.status)
}

/** It must notice that it has lost the thread; unless it had said its last word before. */
function noticedIn(word: string, then: Trace): string[] {
  const wasOver = then.events.at(-1)?.type === 'run.ended'
  return wasOver || noticed.includes(word) ? [] : [`the zombie ended with ${word}`]
}

/** `thread_in_use`: it stood still before its run was accepted, and another process started it. */
const noticed: readonly string[] = ['fenced', 'thread_busy', 'thread_in_use', 'thread_finished', 'wait_decided']

interface Seen {
  /** When it stopped, when the other had finished, and in the end. */
  readonly then: Trace
  readonly finished: Trace
  readonly final: Trace
  readonly pid: number
}

function lookAt({ then, finished, final, pid }: Seen): string[] {
  const history = isDeepStrictEqual(final.events, finished.events) ? [] : ['the zombie changed the history']
  const late = final.effects.slice(finished.effects.length)
  const strange = late.filter((effect) => effect.pid !== pid || !wasInFlight(effect, then))
  return [...history, ...strange.map(({ stage, attempt }) => `the zombie went on to attempt ${attempt} of ${stage}`)]
}

/** Its start was recorded when it stopped, and its end was not. */
const wasInFlight = ({ stage, attempt }: Effect, then: Trace): boolean =>
  !recorded(then).has(stage) &&
  then.events.some((each) => each.type === 'stage.started' && each.stage === stage && each.attempt === attempt)
