/**
 * Edits of a thread from outside (`updateState`, `Command({ update })`), turned into writes to channels.
 *
 *   { 'vars.x': 5 }  or  { vars: { x: 5 } }                     patches a variable for every stage that starts later
 *   { 'stages.a': { output: 1 } }  or  { stages: { a: … } }     replaces an outcome; a stage that has one does not run
 */
import { InputError, type InputProblem, ThreadError } from '../../foundation/errors.ts'
import { assertJson, isJsonObject, type Json, NotJsonError } from '../../foundation/json.ts'
import type { Outcome, TerminalStatus, VariablePatch } from '../../foundation/outcome.ts'
import type { StagePlan } from '../../foundation/plan.ts'
import { didYouMean } from '../../foundation/suggest.ts'
import { channelOf, type OpenUpdate } from './channels.ts'
import type { PipelineParts, Thread } from './thread.ts'
import { type Contributions, contributionsIn, patchKey, type VariableUpdate } from './variable-channel.ts'

/** A write to a channel of the state. */
export type Write = readonly [channel: string, value: unknown]

/**
 * Throws InputError or ThreadError naming what cannot be edited. `asNode` may name a stage, which then must have an
 * outcome: what runs next follows from the outcomes alone.
 */
export function toEdit(parts: PipelineParts, thread: Thread, values: unknown, asNode?: string): [string, unknown][] {
  if (!isJsonObject(values))
    throw cannot('An edit is a map', 'Pass { "vars.<name>": value } or { "stages.<id>": { output } }.')
  const writes = Object.entries(values).flatMap(([key, value]) => editOf(parts, thread, key, value))
  if (asNode !== undefined) checkNode(parts, thread, asNode, writes)
  return writes as [string, unknown][]
}

function checkNode({ plan }: PipelineParts, { state }: Thread, node: string, writes: readonly Write[]): void {
  const ids = plan.stages.map(({ id }) => id)
  if (!ids.includes(node)) throw unknown('stage', node, ids)
  const given = writes.some(([channel, value]) => channel === 'stages' && Object.hasOwn(value as object, node))
  if (given || Object.hasOwn(state.stages, node)) return
  throw cannot(`"${node}" has no outcome yet`, `Give it one: { "stages.${node}": { output: … } }.`)
}

function editOf(parts: PipelineParts, thread: Thread, key: string, value: Json): Write[] {
  const [channel, name] = split(key)
  if (channel !== 'vars' && channel !== 'stages') {
    throw cannot(`"${key}" cannot be edited`, 'Only variables (vars.<name>) and outcomes (stages.<id>) can.')
  }
  const each = channel === 'vars' ? patch : outcome
  if (name !== undefined) return each(parts, thread, name, value)
  if (!isJsonObject(value)) throw cannot(`"${key}" is a map`, `Pass { ${key}: { name: value } }.`)
  return Object.entries(value).flatMap(([inner, its]) => each(parts, thread, inner, its))
}

function split(key: string): [string, string | undefined] {
  const dot = key.indexOf('.')
  return dot === -1 ? [key, undefined] : [key.slice(0, dot), key.slice(dot + 1)]
}

function patch({ plan, runner }: PipelineParts, { state }: Thread, variable: string, value: Json): Write[] {
  if (!Object.hasOwn(plan.vars, variable)) throw unknown('variable', variable, Object.keys(plan.vars))
  checkJson(channelOf(variable), value)
  runner.checkVariable(variable, value)
  const covers = Object.keys(state.stages)
  return patchWrites({ variable, value, covers })
}

/** A patch of a variable, as writes to channels. */
export function patchWrites({ variable, value, covers }: VariablePatch): Write[] {
  const update: VariableUpdate = { [patchKey]: { value, covers } }
  const open: OpenUpdate = { patches: [{ variable, value, covers }] }
  return [
    [channelOf(variable), update],
    ['open', open],
  ]
}

function outcome({ plan, runner }: PipelineParts, thread: Thread, id: string, given: Json): Write[] {
  const stage = plan.stages.find((each) => each.id === id)
  if (!stage) {
    const ids = plan.stages.map((each) => each.id)
    const hint = didYouMean(id, ids)
    throw new ThreadError('unknown_stage', `"${plan.name}" has no stage "${id}".`, hint === undefined ? {} : { hint })
  }
  const edited = edit(stage, thread, given)
  if (edited.status === 'succeeded') runner.checkOutput(stage, edited.output)
  for (const [name, value] of Object.entries(edited.set)) {
    if (!Object.hasOwn(plan.vars, name)) throw unknown('variable', name, Object.keys(plan.vars))
    runner.checkVariable(name, value)
  }
  const known = thread.state.stages[id]
  const before = Object.keys({ ...known?.set, ...known?.parts })
  return [['stages', { [id]: edited }], ...contributions(id, before, edited)]
}

/** What the stage sets now, and null for what it set before and no longer does. */
function contributions(path: string, before: readonly string[], outcome: Outcome): Write[] {
  const given = contributionsIn(outcome)
  const names = new Set([...before, ...Object.keys(given)])
  return [...names].map((name) => {
    const contribution: Contributions = { [path]: given[name] ?? null }
    return [channelOf(name), contribution]
  })
}

const statuses: readonly TerminalStatus[] = ['succeeded', 'failed', 'skipped', 'cancelled']
const editable = ['status', 'output', 'error', 'reason', 'tolerated', 'set', 'attempts', 'started_at', 'ended_at']

function edit(stage: StagePlan, { state }: Thread, given: Json): Outcome {
  const where = `stages.${stage.id}`
  if (!isJsonObject(given)) throw cannot(`"${where}" is an outcome`, `Pass { "${where}": { output: … } }.`)
  for (const key of Object.keys(given)) if (!editable.includes(key)) throw unknown(`field of ${where}`, key, editable)
  checkJson(where, given)
  const status = given.status ?? 'succeeded'
  if (!statuses.includes(status as TerminalStatus)) throw unknown('status', String(status), statuses)
  const before = state.stages[stage.id]
  const at = before?.ended_at ?? lastEnd(state)
  const base: Outcome = {
    status: 'succeeded',
    output: before?.output ?? null,
    error: null,
    reason: null,
    tolerated: false,
    set: before?.set ?? {},
    attempts: before?.attempts ?? 0,
    started_at: before?.started_at ?? at,
    ended_at: at,
  }
  return { ...base, ...(given as Partial<Outcome>) }
}

/** Edits have no clock of their own: `now()` of later stages must not depend on when someone edited. */
const lastEnd = ({ stages, run }: Thread['state']): string =>
  Object.values(stages).reduce((latest, { ended_at }) => (ended_at > latest ? ended_at : latest), run.started_at)

function checkJson(where: string, value: Json): void {
  try {
    assertJson(value)
  } catch (error) {
    if (error instanceof NotJsonError) throw cannot(`"${where}" is ${error.message}`, 'Only JSON can be kept.')
    throw error
  }
}

function unknown(what: string, name: string, known: readonly string[]): InputError {
  const problem: InputProblem = { name, message: `There is no ${what} "${name}".` }
  return new InputError(problem.message, [problem], didYouMean(name, known))
}

const cannot = (message: string, hint: string): InputError =>
  new InputError(`${message}.`, [{ name: 'update', message }], hint)
