/**
 * The channels of a lowered pipeline: LangGraph's state, named like the paths that expressions read.
 *
 *   inputs        what the run was started with
 *   vars.<name>   one annotated channel per variable: a projection of what stages set
 *   stages        path → outcome, ONE channel (a channel per stage costs ten times as much at 1,000 stages)
 *   open          what is known of paths that are not terminal, and edits of variables from outside
 *   run           what the run is and how it ended
 *   outputs       the pipeline's outputs
 *
 * Values are frozen and replaced, never changed: LangGraph hands them out by reference.
 */
import { Annotation } from '@langchain/langgraph'
import { BaseChannel } from '@langchain/langgraph/channels'
import { joinOutcomes } from '../../foundation/join-outcomes.ts'
import { deepFreeze, type JsonObject } from '../../foundation/json.ts'
import type { Outcomes, RunState, VariablePatch } from '../../foundation/outcome.ts'
import type { StagePast } from '../../foundation/past.ts'
import type { Plan } from '../../foundation/plan.ts'
import { type Fold, VariableChannel } from './variable-channel.ts'

export interface OpenState {
  readonly patches: readonly VariablePatch[]
  /** What the journal says of stages that have begun and are not terminal. Absent: nothing. */
  readonly stages?: Readonly<Record<string, StagePast>>
}

/** Adds to the state: patches, and what is known of stages now; null when a stage is terminal. */
export interface OpenUpdate {
  readonly patches?: readonly VariablePatch[]
  readonly stages?: Readonly<Record<string, StagePast | null>>
}

/**
 * The annotations of a plan's state. Each call makes new ones. Without a fold its variables only have names, and a graph
 * needs the channels of its runner in their place.
 */
export function createState(plan: Plan, fold: Fold = unfolded) {
  return Annotation.Root({
    inputs: Annotation<JsonObject>(),
    stages: () => new StagesChannel(),
    open: () => new OpenChannel(),
    run: Annotation<RunState>(),
    outputs: Annotation<JsonObject | null>(),
    ...annotated(variableChannels(plan, fold)),
  })
}

/** The channels of a plan's variables. Each call makes new ones. */
export function variableChannels(plan: Plan, fold: Fold): Record<`vars.${string}`, VariableChannel> {
  const names = Object.keys(plan.vars)
  if (names.length === 0) return {}
  const order = new Map(plan.stages.map(({ id }, index) => [id, index]))
  return Object.fromEntries(names.map((name) => [channelOf(name), new VariableChannel({ name, order, fold })]))
}

const unfolded: Fold = (variable) => {
  throw new TypeError(`Nobody folds "${variable}".`)
}

const annotated = <Name extends string, Channel>(channels: Readonly<Record<Name, Channel>>) =>
  Object.fromEntries(Object.entries(channels).map(([name, channel]) => [name, () => channel])) as Record<
    Name,
    () => Channel
  >

export const channelOf = (variable: string): `vars.${string}` => `vars.${variable}`

/** Outcomes by path. A later outcome of the same path replaces the earlier. */
export class StagesChannel extends BaseChannel<Outcomes, Outcomes, Outcomes> {
  override lc_graph_name = 'StagesChannel'
  #outcomes: Outcomes = Object.freeze({})

  override fromCheckpoint(checkpoint?: Outcomes): this {
    const channel = new StagesChannel()
    if (checkpoint !== undefined) channel.#outcomes = deepFreeze(checkpoint)
    return channel as this
  }

  override update(values: Outcomes[]): boolean {
    if (values.length === 0) return false
    this.#outcomes = deepFreeze(values.reduce(joinOutcomes, this.#outcomes))
    return true
  }

  override get(): Outcomes {
    return this.#outcomes
  }

  override checkpoint(): Outcomes {
    return this.#outcomes
  }

  override isAvailable(): boolean {
    return true
  }

  override equals(other: BaseChannel): boolean {
    return other instanceof StagesChannel
  }
}

/** Edits of variables, oldest first, and stages that are not terminal. */
export class OpenChannel extends BaseChannel<OpenState, OpenUpdate, OpenState> {
  override lc_graph_name = 'OpenChannel'
  #state: OpenState = Object.freeze({ patches: Object.freeze([]) })

  override fromCheckpoint(checkpoint?: OpenState): this {
    const channel = new OpenChannel()
    if (checkpoint !== undefined) channel.#state = deepFreeze(checkpoint)
    return channel as this
  }

  override update(values: OpenUpdate[]): boolean {
    if (values.length === 0) return false
    const patches = [...this.#state.patches, ...values.flatMap(({ patches = [] }) => patches)]
    const known = Object.assign({}, this.#state.stages, ...values.map(({ stages = {} }) => stages))
    const stages = Object.entries(known as NonNullable<OpenUpdate['stages']>).filter(([, stage]) => stage !== null)
    this.#state = deepFreeze({ patches, ...(stages.length > 0 && { stages: Object.fromEntries(stages) }) }) as OpenState
    return true
  }

  override get(): OpenState {
    return this.#state
  }

  override checkpoint(): OpenState {
    return this.#state
  }

  override isAvailable(): boolean {
    return true
  }

  override equals(other: BaseChannel): boolean {
    return other instanceof OpenChannel
  }
}
