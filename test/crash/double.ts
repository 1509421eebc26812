/** Two processes resume one thread at the same moment. */
import type { Job } from './child-messages.ts'
import type { Evidence } from './evidence.ts'
import { runKilled } from './kill.ts'
import { type Alone, type Lab, type Site, trace, why } from './lab.ts'
import type { Child, Task } from './processes.ts'

export interface Doubled {
  readonly evidence: Evidence
  /** False when the first process ended before it was killed. */
  readonly resumed: boolean
  readonly trouble: readonly string[]
}

/**
 * The first process is killed at `point`; then two are sent off at once. Effects wait until both have their answer, so
 * the one cannot be done before the other asks.
 */
export async function resumeTwice(lab: Lab, site: Site, point: number, without?: Job['without']): Promise<Doubled> {
  const exit = await runKilled(lab, { ...site, action: 'start' }, { point })
  const then = await trace(site)
  if (exit === 'ended') return { evidence: { before: [], final: then }, resumed: false, trouble: [] }
  const job: Job = { ...site, action: 'resume', gated: true, ...(without && { without }) }
  const pair = await Promise.all([lab.child(), lab.child()])
  const tasks = pair.map((child) => child.work(job))
  const answers = await Promise.all(tasks.map(({ answer }) => answer))
  for (const child of pair) child.open()
  const words = answers.map((answer) => (answer?.said === 'refused' ? answer.code : (answer?.said ?? 'nothing'))).sort()
  const asked = words.join(', ') === 'taken, thread_busy' ? [] : [`the two got: ${words.join(', ')}`]
  const died = await Promise.all(pair.map(async (child, n) => whenDone(lab, child, tasks[n] as Task)))
  return { evidence: { before: [then], final: await trace(site) }, resumed: true, trouble: [...asked, ...died.flat()] }
}

async function whenDone(lab: Lab, child: Child, { last }: Task): Promise<string[]> {
  if (!(await last)) return [why(await child.exit)]
  lab.giveBack(child)
  return []
}

/** Points at which the run exists and an effect is still to begin, so that whoever resumes has something to wait in. */
export function resumablePoints({ points }: Alone): number[] {
  const accepted = points.indexOf('after store.createRun')
  const lastEffect = points.findLastIndex((name) => name.startsWith('before the effect'))
  return points.flatMap((_, at) => (at >= accepted && at <= lastEffect ? [at + 1] : []))
}
