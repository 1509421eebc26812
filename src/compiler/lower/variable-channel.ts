/**
 * A variable as the fold of what stages set, in plan order whatever the order in which they ended. A stage that runs
 * again replaces what it gave.
 */
import { EmptyChannelError } from '@langchain/langgraph'
import { BaseChannel } from '@langchain/langgraph/channels'
import { deepFreeze, type Json } from '../../foundation/json.ts'
import type { Outcome } from '../../foundation/outcome.ts'
import type { StageRunner } from '../../foundation/stage-runner.ts'

/** What a stage gives to a variable: what stages inside it gave, then what it gave itself. */
export interface Contribution {
  readonly parts?: readonly Json[]
  readonly value?: Json
}

/** Null takes back what a stage gave. Keyed by the stage's path. */
export type Contributions = Readonly<Record<string, Contribution | null>>

/** By variable. */
export function contributionsIn({
  parts,
  set,
}: Pick<Outcome, 'parts' | 'set'>): Readonly<Record<string, Contribution>> {
  const given: Record<string, Contribution> = {}
  for (const name of Object.keys(parts ?? {})) given[name] = { parts: parts?.[name] ?? [] }
  for (const name of Object.keys(set)) given[name] = { ...given[name], value: set[name] as Json }
  return given
}

/** An edit from outside stands under this key; no stage can be called so. */
export const patchKey = '#patch'

export type Fold = StageRunner['fold']

interface VariableSpec {
  readonly name: string
  readonly order: ReadonlyMap<string, number>
  readonly fold: Fold
}

interface VariableState {
  /** By path. */
  readonly set: Readonly<Record<string, Json>>
  /** By path: what stages inside gave. */
  readonly parts?: Readonly<Record<string, readonly Json[]>>
  /** The last edit from outside. */
  readonly patch?: { readonly value: Json; readonly covers: readonly string[] }
}

/** What an update of a variable's channel carries. */
export type VariableUpdate = Contributions | { readonly [patchKey]: NonNullable<VariableState['patch']> }

export class VariableChannel extends BaseChannel<Json, VariableUpdate, VariableState> {
  override lc_graph_name = 'VariableChannel'
  readonly #spec: VariableSpec
  #state: VariableState = Object.freeze({ set: Object.freeze({}) })
  #folded: { readonly value: Json } | undefined

  constructor(spec: VariableSpec) {
    super()
    this.#spec = spec
  }

  override fromCheckpoint(checkpoint?: VariableState): this {
    const channel = new VariableChannel(this.#spec)
    if (checkpoint !== undefined) channel.#state = deepFreeze(checkpoint)
    return channel as this
  }

  override update(values: VariableUpdate[]): boolean {
    if (values.length === 0) return false
    const set: Record<string, Json> = { ...this.#state.set }
    const parts: Record<string, readonly Json[]> = { ...this.#state.parts }
    let { patch } = this.#state
    for (const value of values) {
      if (isPatch(value)) patch = value[patchKey]
      else apply({ set, parts }, value)
    }
    const hasParts = Object.keys(parts).length > 0
    this.#state = deepFreeze({ set, ...(hasParts && { parts }), ...(patch && { patch }) })
    this.#folded = undefined
    return true
  }

  override get(): Json {
    this.#folded ??= { value: this.#fold() }
    return this.#folded.value
  }

  #fold(): Json {
    const { name, order, fold } = this.#spec
    const covered = new Set(this.#state.patch?.covers)
    const { set, parts = {} } = this.#state
    const paths = [...new Set([...Object.keys(parts), ...Object.keys(set)])].filter((path) => !covered.has(path))
    const sorted = paths.sort((a, b) => (order.get(a) ?? order.size) - (order.get(b) ?? order.size))
    const contributions = sorted.flatMap((path): readonly Json[] => {
      const own = Object.hasOwn(set, path) ? [set[path] as Json] : []
      return [...(parts[path] ?? []), ...own]
    })
    try {
      return deepFreeze(fold(name, contributions, this.#state.patch?.value))
    } catch (cause) {
      // A reducer of the user's failed. The stage that reads the variable says so; the state just does not have it.
      throw Object.assign(new EmptyChannelError(`The value of "${name}" could not be folded.`), { cause })
    }
  }

  override checkpoint(): VariableState {
    return this.#state
  }

  override equals(other: BaseChannel): boolean {
    return other instanceof VariableChannel && other.#spec.name === this.#spec.name
  }
}

const isPatch = (update: VariableUpdate): update is Extract<VariableUpdate, { readonly [patchKey]: unknown }> =>
  Object.hasOwn(update, patchKey)

function apply(
  { set, parts }: { readonly set: Record<string, Json>; readonly parts: Record<string, readonly Json[]> },
  contributions: Contributions,
): void {
  for (const [path, contribution] of Object.entries(contributions)) {
    delete set[path]
    delete parts[path]
    if (contribution?.value !== undefined) set[path] = contribution.value
    if (contribution?.parts) parts[path] = contribution.parts
  }
}
