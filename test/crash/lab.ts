/** Where rounds are made: a folder, processes that are ready, and the runs that were left alone to compare with. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lowering } from '../../src/foundation/outcome.ts'
import type { Job } from './child-messages.ts'
import { type Trace, traceOf } from './evidence.ts'
import type { PipelineName } from './pipelines.ts'
import { type Child, createNursery, type Exit } from './processes.ts'

export interface Alone {
  readonly trace: Trace
  /** The numbered points of its process. */
  readonly points: readonly string[]
  /** From its job to its end. Milliseconds. */
  readonly tookMs: number
}

/** Files of one round. */
export type Site = Pick<Job, 'pipeline' | 'lowering' | 'thread' | 'store' | 'effects' | 'leaseMs'>

export interface Lab {
  site(pipeline: PipelineName, lowering: Lowering, leaseMs?: number): Site
  child(): Promise<Child>
  /** For a process that has done its job. */
  giveBack(child: Child): void
  /** The run that nothing happened to; made once. */
  alone(pipeline: PipelineName, lowering: Lowering): Promise<Alone>
  close(): Promise<void>
}

/** Longer than any round: leases of processes that die are taken over because they are dead, not by expiry. */
const longLeaseMs = 600_000

export function createLab(lanes: number): Lab {
  const folder = mkdtempSync(join(tmpdir(), 'stagegraph-crash-'))
  const nursery = createNursery(join(folder, 'compiled'), lanes + 1)
  const alone = new Map<string, Promise<Alone>>()
  let sites = 0

  const lab: Lab = {
    child: () => nursery.take(),
    giveBack: (child) => nursery.giveBack(child),
    site(pipeline, lowering, leaseMs = longLeaseMs) {
      const name = `${pipeline}-${lowering}-${++sites}`
      const [store, effects] = [join(folder, `${name}.db`), join(folder, `${name}.log`)]
      return { pipeline, lowering, thread: name, store, effects, leaseMs }
    },
    alone(pipeline, lowering) {
      const key = `${pipeline} ${lowering}`
      const made = alone.get(key) ?? runAlone(lab, pipeline, lowering)
      alone.set(key, made)
      return made
    },
    async close() {
      await nursery.close()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
  return lab
}

async function runAlone(lab: Lab, pipeline: PipelineName, lowering: Lowering): Promise<Alone> {
  const site = lab.site(pipeline, lowering)
  const child = await lab.child()
  const startedMs = performance.now()
  const { last } = child.work({ ...site, action: 'start' })
  const ended = await last
  const tookMs = performance.now() - startedMs
  if (!ended) throw new Error(`${pipeline} does not run: ${why(await child.exit)}`)
  if (ended.said === 'refused') throw new Error(`${pipeline} does not run: ${ended.message}`)
  lab.giveBack(child)
  return { trace: await trace(site), points: ended.points, tookMs }
}

export const trace = ({ store, effects, thread }: Site): Promise<Trace> => traceOf(store, effects, thread)

export const why = ({ code, signal, stderr, stuck }: Exit): string =>
  stuck ? 'it hung' : `exit ${code ?? signal} ${stderr.trim()}`
