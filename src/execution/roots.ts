/** What the stages of one pipeline read by its names: the outermost one, or one inside. */
import { relative, resolve } from 'node:path'
import type { ChildPlan, Plan } from '../foundation/plan.ts'
import { createInputHash, type HashInput } from './input-hash.ts'
import type { Lists } from './lists.ts'
import { createScopes, type Scopes } from './scope.ts'
import { createVariables, type Variables } from './variables.ts'

export interface Root {
  readonly name: string
  readonly inputs: Plan['inputs']
  readonly vars: Plan['vars']
  readonly models: Plan['models']
  readonly outputs: Plan['outputs']
  /** Absolute: where relative paths start. */
  readonly directory: string
  readonly variables: Variables
  readonly scopes: Scopes
  readonly hashInput: HashInput
}

export function rootOfPlan(plan: Plan, lists: Lists): Root {
  return createRoot(plan, plan.origin.directory, plan.files, lists)
}

/** The same for the same pipeline inside. */
export function createChildRoots({ origin, files }: Plan, lists: Lists): (child: ChildPlan) => Root {
  const made = new Map<ChildPlan, Root>()
  return (child) => {
    const known = made.get(child)
    if (known) return known
    const directory = resolve(origin.directory, child.directory)
    const root = createRoot(child, directory, filesFrom(directory, origin.directory, files), lists)
    made.set(child, root)
    return root
  }
}

function createRoot(plan: Omit<ChildPlan, 'directory'>, directory: string, files: Plan['files'], lists: Lists): Root {
  const list = lists.of(plan.stages)
  const variables = createVariables({ vars: plan.vars, directory }, list)
  const { name, inputs, vars, models, outputs } = plan
  const scopes = createScopes(plan, list, variables)
  return { name, inputs, vars, models, outputs, directory, variables, scopes, hashInput: createInputHash({ files }) }
}

/** Source files, named as the stages of the pipeline inside name them. */
function filesFrom(child: string, origin: string, files: Plan['files']): Plan['files'] {
  const named = Object.entries(files).map(([file, digest]) => {
    const name = relative(child, resolve(origin, file))
    return [name.startsWith('.') ? name : `./${name}`, digest] as const
  })
  return Object.fromEntries(named)
}
