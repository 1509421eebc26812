/**
 * Ways in which a store may lie to an engine, so that it does what it must never do. With one of them the simulation has
 * to find something, or it could not find anything.
 */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { Lease, RunStore } from '../../src/execution/store.ts'
import type { RunEvent } from '../../src/foundation/events.ts'
import type { SimProcess } from './process.ts'

export const sabotages = [
  /** Ends of stages are not there any more when the log is read. */
  'journal_forgotten',
  /** The log is read as if no attempt had been started. */
  'attempts_forgotten',
  /** An output is read back as another than the one that was stored. */
  'output_changed',
  /** Writes land whoever holds the run. */
  'fence_off',
  /** Writes are said to be stored, and are a little later. */
  'early_word',
  /** The end of a stage is stored, and then its effect takes place once more. */
  'rerun',
] as const
export type Sabotage = (typeof sabotages)[number]

export type Told = Pick<RunStore, 'createRun' | 'getRun' | 'claim' | 'append' | 'renew' | 'readEvents'>

/** The checkpointer that a process gets for its lease. */
export const fencedSaver = (store: RunStore, lease: Lease, sabotage: Sabotage | undefined): BaseCheckpointSaver =>
  sabotage === 'fence_off' ? withoutHold(store.saver) : store.saverOf(lease)

/** It would be fenced by its own graph otherwise. */
const withoutHold = (saver: BaseCheckpointSaver): BaseCheckpointSaver =>
  new Proxy(saver, {
    get(target, key) {
      const member: unknown = key === 'hold' ? undefined : Reflect.get(target, key, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })

/** The operations as a process gets to see them. */
export function sabotaged(process: SimProcess, told: Told, sabotage: Sabotage | undefined): Told {
  switch (sabotage) {
    case 'journal_forgotten':
      return { ...told, readEvents: reading(told, (event) => (isEnd(event) ? nothing(event) : event)) }
    case 'attempts_forgotten':
      return {
        ...told,
        readEvents: reading(told, (event) => (event.type === 'stage.started' ? nothing(event) : event)),
      }
    case 'output_changed':
      return { ...told, readEvents: reading(told, otherOutput) }
    case 'fence_off':
      return { ...told, ...withoutFence(process, told) }
    case 'early_word':
      return { ...told, append: later(process, told) }
    default:
      return told
  }
}

const reading =
  (told: Told, change: (event: RunEvent) => RunEvent): RunStore['readEvents'] =>
  async (...args) =>
    (await told.readEvents(...args)).map(change)

const isEnd = ({ type }: RunEvent): boolean =>
  type === 'stage.succeeded' || type === 'stage.failed' || type === 'stage.skipped' || type === 'variable.changed'

/** Something that changes nothing, in its place. */
function nothing({ v, run, seq, at }: RunEvent): RunEvent {
  return { v, run, seq, at, type: 'stage.logged', stage: 's0', level: 'info', message: '' }
}

const otherOutput = (event: RunEvent): RunEvent =>
  event.type === 'stage.succeeded' ? { ...event, output: 'something else' } : event

/** What is refused is written with the lease that stands, after what the log really ends with. */
function withoutFence({ simulation }: SimProcess, told: Told): Partial<Told> {
  const { ledger } = simulation
  return {
    append: (lease, first, events, patch) =>
      told.append(lease, first, events, patch).catch((error: unknown) => {
        if (!ledger.lease || ledger.lease.epoch === lease.epoch) throw error
        return told.append(ledger.lease, ledger.events.length + 1, events, patch)
      }),
    renew: (lease, expiresAtMs) => told.renew(lease, expiresAtMs).catch(() => undefined),
  }
}

function later({ simulation }: SimProcess, told: Told): RunStore['append'] {
  return async (...args) => {
    simulation.time.after(1, undefined, () => {
      told.append(...args).catch(() => undefined)
    })
  }
}
