/**
 * The store as one process of a simulation has it: every operation may fail, and whatever really takes place is told to
 * the ledger.
 */
import type { BaseCheckpointSaver, PendingWrite } from '@langchain/langgraph-checkpoint'
import type { Hold, HoldingSaver } from '../../src/compiler/lower/hold.ts'
import { type JournalRow, journalChannel } from '../../src/compiler/lower/lineage.ts'
import type { Claim, HeldLease, Lease, RunOwner, RunStore } from '../../src/execution/store.ts'
import type { RunEvent } from '../../src/foundation/events.ts'
import type { Outcomes } from '../../src/foundation/outcome.ts'
import type { DatedEvent } from '../../src/foundation/past.ts'
import { type Fault, InjectedFault } from './faults.ts'
import { never, type SimProcess } from './process.ts'
import { fencedSaver, sabotaged, type Told } from './sabotage.ts'

type Operation = (...args: never[]) => unknown

/** `store` is the process's own, or shared with others. */
export function simStore(process: SimProcess, store: RunStore): RunStore {
  const told = sabotaged(process, telling(process, store), process.simulation.sabotage) as unknown as Record<
    string,
    Operation
  >
  return new Proxy(store, {
    get(inner, key) {
      if (key === 'saver') return simSaver(process, inner.saver, undefined)
      if (key === 'saverOf')
        return (lease: Lease) => simSaver(process, fencedSaver(inner, lease, process.simulation.sabotage), lease.epoch)
      if (key === 'close') return () => process.ready()
      const member: unknown = told[key as string] ?? Reflect.get(inner, key, inner)
      if (typeof member !== 'function') return member
      return (...args: never[]) => operate(process, String(key), () => member.apply(inner, args), args)
    },
  })
}

/** One operation, with what goes wrong on the way there and back. */
async function operate(process: SimProcess, name: string, work: () => unknown, args: readonly unknown[]) {
  const { faults, trace } = process.simulation
  await way(process)
  const fault = faults.at('store')
  if (fault) trace(() => `${process.name} ${name}: ${fault.kind} ${fault.when}`)
  if (fault?.when === 'before') await strike(process, fault.kind, name)
  let result: unknown
  try {
    result = await work()
    trace(() => `${process.name} ${name} ${brief(args)}`)
  } catch (error) {
    trace(() => `${process.name} ${name} ${brief(args)} rejected: ${error}`)
    throw error
  }
  if (fault?.when === 'after') await strike(process, fault.kind, name)
  await way(process)
  return result
}

async function way(process: SimProcess): Promise<void> {
  const { faults, time } = process.simulation
  const ms = faults.delayMs()
  if (ms > 0) await new Promise<void>((resolve) => time.after(ms, process, resolve))
  if (process.state !== 'up') await process.ready()
}

function strike(process: SimProcess, kind: Fault['kind'], name: string): Promise<void> {
  if (kind === 'throw') throw new InjectedFault(`a fault at ${name}`)
  process.simulation.faults.strike(process, kind)
  return kind === 'stop' ? process.ready() : never()
}

/** The operations whose effects the ledger knows. */
function telling(process: SimProcess, store: RunStore): Told {
  const { ledger, processes } = process.simulation
  const claimed = (lease: Lease | undefined, { expiresAtMs }: Claim) => {
    if (!lease) return
    ledger.claimed(process, lease)
    ledger.held(process, expiresAtMs)
  }
  return {
    async getRun(id) {
      const run = await store.getRun(id)
      return run && { ...run, owner: run.owner && asSeen(run.owner, process, processes) }
    },
    async renew(lease, expiresAtMs) {
      await store.renew(lease, expiresAtMs)
      ledger.held(process, expiresAtMs)
    },
    readEvents: store.readEvents.bind(store),
    async createRun(...args: Parameters<RunStore['createRun']>) {
      const lease = await store.createRun(...args)
      claimed(lease, args[1])
      return lease
    },
    async claim(...[thread, claim, mayTake]: Parameters<RunStore['claim']>) {
      const seen = (held: HeldLease) => mayTake({ ...held, owner: asSeen(held.owner, process, processes) })
      const answer = await store.claim(thread, claim, seen)
      if (!('lease' in answer)) return answer
      claimed(answer.lease, claim)
      return answer.lost ? { ...answer, lost: { ...answer.lost, owner: elsewhere(answer.lost.owner) } } : answer
    },
    async append(...[lease, first, events, patch]: Parameters<RunStore['append']>) {
      await store.append(lease, first, events, patch)
      const stored = events.map(
        (event, index) => ({ ...event, v: 1, run: lease.thread, seq: first + index }) as RunEvent,
      )
      ledger.appended(process, lease.epoch, stored)
    },
  }
}

/** An owner is known by its engine, whose name begins with its process's. The dead of another host look alive. */
function asSeen(owner: RunOwner, by: SimProcess, processes: ReadonlyMap<string, SimProcess>): RunOwner {
  const process = processes.get(owner.engine.split('_', 1)[0] ?? '')
  if (!process) return owner
  if (process.host !== by.host) return { ...owner, host: `not ${owner.host}` }
  return process.state === 'dead' ? elsewhere(owner) : owner
}

/** Nobody looks for what such an owner has left running in the real machine. */
const elsewhere = (owner: RunOwner): RunOwner => ({ ...owner, boot: 'a simulated one' })

/** `held`: told when a graph without an engine takes its thread. */
export function simSaver(
  process: SimProcess,
  saver: BaseCheckpointSaver,
  epoch: number | undefined,
  held?: (hold: Hold) => void,
): BaseCheckpointSaver {
  const { watcher } = process.simulation
  const told: Record<string, Operation> = {
    async put(...args: Parameters<BaseCheckpointSaver['put']>) {
      const config = await saver.put(...args)
      watcher.saved(process, epoch, (args[1].channel_values.stages ?? {}) as Outcomes)
      return config
    },
    async hold(thread: string) {
      const hold = await (saver as BaseCheckpointSaver & HoldingSaver).hold(thread)
      held?.(hold)
      const release = () => operate(process, 'release', () => hold.release(), [thread])
      return { saver: simSaver(process, hold.saver, epoch), release }
    },
    async putWrites(...args: Parameters<BaseCheckpointSaver['putWrites']>) {
      await saver.putWrites(...args)
      watcher.saved(process, epoch, outcomesIn(args[1]))
      watcher.journaled(rowsIn(args[1]))
    },
  }
  return new Proxy(saver, {
    get(inner, key) {
      const own: unknown = Reflect.get(inner, key, inner)
      if (typeof own !== 'function') return own
      const member = told[key as string] ?? own
      if (!gated.has(String(key))) return own.bind(inner)
      return (...args: never[]) =>
        operate(process, String(key), () => member.apply(inner, args), key === 'putWrites' ? channelsIn(args) : [])
    },
  })
}

const gated = new Set(['hold', 'put', 'putWrites', 'getTuple', 'deleteThread', 'getDeltaChannelHistory'])

const outcomesIn = (writes: readonly PendingWrite[]): Outcomes =>
  Object.assign({}, ...writes.filter(([channel]) => channel === 'stages').map(([, value]) => value))

const rowsIn = (writes: readonly PendingWrite[]): readonly DatedEvent[] =>
  writes.flatMap(([channel, row]) => (channel === journalChannel ? [(row as JournalRow).event] : []))

/** Events by type and stage; the rest would be too long. */
function brief(args: readonly unknown[]): string {
  return args
    .map((arg) =>
      Array.isArray(arg)
        ? `[${arg.map(event).join(', ')}]`
        : typeof arg === 'string' || typeof arg === 'number'
          ? String(arg)
          : '',
    )
    .filter((text) => text !== '')
    .join(' ')
}

function event(value: unknown): string {
  const { type, stage, attempt } = (value ?? {}) as { type?: string; stage?: string; attempt?: number }
  return [type ?? '…', stage, attempt].filter((word) => word !== undefined).join(' ')
}

/** Which channels were written to, of `putWrites`. */
const channelsIn = ([, writes = []]: readonly unknown[]): string[] =>
  (writes as readonly PendingWrite[]).map(([channel, value]) =>
    channel === 'stages' ? `stages(${Object.keys(value as Outcomes).join(' ')})` : channel,
  )
