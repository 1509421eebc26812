/**
 * Which input a thread takes, before LangGraph sees it.
 *
 * LangGraph would start a crashed thread again on top of its old state, apply reducers to a finished one, and "finish" a
 * thread whose nodes were renamed without running anything.
 */
import { Command, isCommand } from '@langchain/langgraph'
import { InputError, ThreadError } from '../../foundation/errors.ts'
import { isJsonObject, type JsonObject, jsonEqual } from '../../foundation/json.ts'
import { isFinished } from '../../foundation/outcome.ts'
import type { Started } from '../../foundation/stage-runner.ts'
import { patchWrites, toEdit } from './edits.ts'
import { lacking } from './fallback.ts'
import type { PipelineParts, Thread } from './thread.ts'

/**
 * What to hand to LangGraph: the validated input of a new run, null to go on, or a command. Throws InputError or
 * ThreadError.
 */
export function admit(parts: PipelineParts, input: unknown, threadId: string, thread: Thread | undefined): unknown {
  if (thread) refuseOtherPlan(parts, thread)
  if (input === null || input === undefined) return resume(thread, threadId)
  if (isCommand(input)) return command(parts, input, knownThread(thread, threadId))
  const started = parts.runner.start(inputsIn(input), threadId)
  if (!thread) return begun(parts, started)
  return continued(thread, started.inputs)
}

/** What LangGraph writes into the channels of a new thread. */
function begun({ lowering }: PipelineParts, { inputs, run, patches = [] }: Started): object {
  const variables = patches.flatMap(patchWrites).filter(([channel]) => channel !== 'open')
  return {
    inputs,
    run: lowering === 'flow' ? { ...run, lowering } : run,
    ...(patches.length > 0 && { open: { patches }, ...Object.fromEntries(variables) }),
  }
}

export function knownThread(thread: Thread | undefined, id: string): Thread {
  if (thread) return thread
  throw new ThreadError('thread_unknown', `There is no thread "${id}" to go on with.`, {
    hint: 'Start it: invoke({ inputs }, { configurable: { thread_id } }), with the checkpointer it is to be kept in.',
  })
}

function resume(thread: Thread | undefined, threadId: string): null {
  knownThread(thread, threadId)
  return null
}

function command(parts: PipelineParts, input: Command, thread: Thread): Command {
  if (input.goto !== undefined && [input.goto].flat().length > 0) {
    throw new ThreadError(
      'unsupported_option',
      'A pipeline goes where its needs say: a command cannot send it elsewhere.',
    )
  }
  if (!input.update) return input
  refuseFinished(thread)
  const values = Array.isArray(input.update) ? Object.fromEntries(input.update) : input.update
  return new Command({ ...input, update: toEdit(parts, thread, values) })
}

/** The same inputs on a thread that is not done mean: go on. */
function continued(thread: Thread, inputs: JsonObject): null {
  refuseFinished(thread)
  if (jsonEqual(thread.state.inputs, inputs)) return null
  throw new ThreadError('thread_in_use', `Thread "${thread.id}" was started with other inputs.`, {
    hint: 'Go on with it by invoke(null), or choose another thread id.',
  })
}

export function refuseFinished({ id, state }: Thread): void {
  const { status } = state.run
  if (status === undefined || !isFinished(status)) return
  throw new ThreadError(
    'thread_finished',
    `Thread "${id}" is finished: it ${status === 'cancelled' ? 'was' : 'has'} ${status}.`,
    {
      hint: 'A new run needs a new thread id.',
    },
  )
}

/** Throws ThreadError for a thread of another plan, or of another graph of this one: it would end with nothing run. */
export function refuseOtherPlan({ plan, lowering, insteadBecause }: PipelineParts, { id, state }: Thread): void {
  const { lowering: started = 'stages' } = state.run
  if (state.run.plan === plan.hash && started !== lowering) {
    throw new ThreadError('unsupported_option', `Thread "${id}" was started with the lowering "${started}".`, {
      hint: insteadBecause
        ? `${lacking(insteadBecause)} Go on with it with the version of LangGraph it was started with.`
        : `Go on with it with graph({ lowering: '${started}' }).`,
    })
  }
  if (state.run.plan === plan.hash) return
  const what =
    state.run.pipeline === plan.name ? `another version of "${plan.name}"` : `pipeline "${state.run.pipeline}"`
  throw new ThreadError('plan_changed', `Thread "${id}" runs ${what}.`, {
    hint: 'Go on with it with the pipeline it was started with, or start a new thread.',
  })
}

function inputsIn(input: unknown): JsonObject {
  if (!isJsonObject(input)) throw notInputs('The input of a pipeline is a map', '{ inputs: { … } }')
  const { inputs = {}, ...others } = input
  const [other] = Object.keys(others)
  if (other !== undefined)
    throw notInputs(`"${other}" is not part of a pipeline's input`, `{ inputs: { ${other}: … } }`)
  if (!isJsonObject(inputs)) throw notInputs('"inputs" is a map', '{ inputs: { … } }')
  return inputs
}

const notInputs = (message: string, example: string): InputError =>
  new InputError(`${message}.`, [{ name: 'inputs', message }], `Pass ${example}.`)
