/** Whether a stage reads what was changed beside it. Errs on the safe side: a name in a text counts, too. */
import { createTopology, type Topology } from '../compiler/lower/topology.ts'
import type { StagePlan } from '../foundation/plan.ts'
import { variablesSetBy } from './lists.ts'
import { textOf, withoutLists } from './plan-diff.ts'

/** Names. */
export interface ChangedNames {
  readonly inputs: readonly string[]
  readonly vars: readonly string[]
  readonly models: readonly string[]
  readonly files: readonly string[]
}

/** Such as `vars.tone`. Of what is inside of the stage, nothing. */
export function readsChanged(stage: StagePlan, { inputs, vars, models, files }: ChangedNames): string[] {
  if (inputs.length + vars.length + models.length + files.length === 0) return []
  const text = readable(withoutLists(stage))
  return [
    ...inputs.filter((name) => mentions(text, 'inputs', name)).map((name) => `inputs.${name}`),
    ...vars
      .filter((name) => mentions(text, 'vars', name) || Object.hasOwn(stage.set, name))
      .map((name) => `vars.${name}`),
    ...models.filter((name) => text.includes(JSON.stringify(name))).map((name) => `models.${name}`),
    ...files.filter((file) => text.includes(`${file.split('/').at(-1)}#`)),
  ]
}

/** What expressions may stand in. A pipeline inside has names of its own. */
const readable = (stage: object): string =>
  JSON.stringify({ ...stage, output: undefined }, (key, value: unknown) => (key === 'child' ? undefined : value))

/** As a member, or the map whole, or by a key that is worked out. */
function mentions(text: string, map: 'inputs' | 'vars', name: string): boolean {
  if (!text.includes(map)) return false
  const wholly = new RegExp(`\\b${map}\\b(?!\\s*\\.)`)
  return wholly.test(text) || new RegExp(`\\b${map}\\s*\\.\\s*\\??\\s*${name}\\b`).test(text)
}

/**
 * Of a stage that both lists have: variables it may read that others set before it than did, or in another order; or the
 * stages that its join judges now and did not, or the other way round. Undefined: nothing of that.
 */
export function orderBefore(
  before: readonly StagePlan[],
  after: readonly StagePlan[],
): (stage: StagePlan) => readonly string[] | undefined {
  if (textOf(before.map(shapeOf)) === textOf(after.map(shapeOf))) return () => undefined
  const old = new Before(before)
  const now = new Before(after)
  const variables = [...new Set([...old.variables, ...now.variables])]
  return (stage) => {
    if (stage.needs === 'all_above' && stage.join !== 'none_failed') {
      const [were, are] = [old.upstream(stage.id), now.upstream(stage.id)]
      const differ = [...were.filter((id) => !are.includes(id)), ...are.filter((id) => !were.includes(id))]
      if (differ.length > 0) return differ
    }
    const text = readable(stage)
    const read = variables.filter((name) => mentions(text, 'vars', name))
    const differ = read.filter((name) => textOf(old.setters(stage.id, name)) !== textOf(now.setters(stage.id, name)))
    return differ.length > 0 ? differ.map((name) => `vars.${name}`) : undefined
  }
}

const shapeOf = (stage: StagePlan) => ({ id: stage.id, needs: stage.needs, sets: [...variablesSetBy(stage)] })

/** What stands before a stage of a list. */
class Before {
  readonly variables: readonly string[]
  private readonly topology: Topology
  private readonly sets: readonly ReadonlySet<string>[]

  private readonly stages: readonly StagePlan[]

  constructor(stages: readonly StagePlan[]) {
    this.stages = stages
    this.topology = createTopology({ stages })
    this.sets = stages.map(variablesSetBy)
    this.variables = [...new Set(this.sets.flatMap((names) => [...names]))]
  }

  /** Ids, in the order of the list. */
  upstream(id: string): string[] {
    const at = this.topology.indexOf(id)
    return this.stages.flatMap((stage, index) => (this.topology.isUpstream(index, at) ? [stage.id] : []))
  }

  setters(id: string, variable: string): string[] {
    const at = this.topology.indexOf(id)
    return this.stages.flatMap((stage, index) =>
      this.sets[index]?.has(variable) && this.topology.isUpstream(index, at) ? [stage.id] : [],
    )
  }
}
