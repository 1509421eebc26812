/** What an engine says when a thread is not in a state for what is asked. */
import { InputError, ThreadError } from '../foundation/errors.ts'
import type { Plan } from '../foundation/plan.ts'
import { didYouMean } from '../foundation/suggest.ts'
import type { ForkPoint } from './fork.ts'
import type { RunOwner, RunRecord } from './store.ts'

export const unknown = (id: string) =>
  new ThreadError('thread_unknown', `There is no thread "${id}" in this store.`, {
    hint: 'List what there is: stagegraph runs',
  })

export const finished = ({ id, status }: RunRecord) =>
  new ThreadError(
    'thread_finished',
    `Thread "${id}" is finished: it ${status === 'cancelled' ? 'was' : 'has'} ${status}.`,
    {
      hint: `Look at it: stagegraph show ${id} — a new run needs a new thread.`,
    },
  )

export const inUse = (id: string, why: string) =>
  new ThreadError('thread_in_use', `Thread "${id}" ${why}.`, {
    hint: `Resume it (stagegraph resume ${id}) or choose another thread id.`,
  })

export const busy = (id: string, { pid, host }: RunOwner) =>
  new ThreadError('thread_busy', `Thread "${id}" is being run by process ${pid} on ${host}.`, {
    hint: `Follow it: stagegraph watch ${id} — or stop it: stagegraph cancel ${id}`,
  })

export const orphaned = (id: string) =>
  new ThreadError('thread_busy', `A command of thread "${id}", left by a process that died, cannot be ended.`, {
    hint: 'End it by hand: its environment holds STAGEGRAPH_ENGINE, which names the thread and the stage.',
  })

export const notEnded = (id: string, point: ForkPoint) =>
  new ThreadError(
    'unknown_stage',
    'stage' in point
      ? `Thread "${id}" has no end of a stage "${point.stage}".`
      : `The history of thread "${id}" has no event ${point.seq}.`,
    {
      hint: `Look at what was recorded: stagegraph history ${id}`,
    },
  )

export function noVariable({ name: pipeline, vars }: Plan, name: string): InputError {
  const message = `"${pipeline}" has no variable "${name}".`
  return new InputError(message, [{ name, message }], didYouMean(name, Object.keys(vars)))
}
