/**
 * A wait: a stage that needs an answer from outside before it can go on. It holds nothing while it waits, not even a
 * process; its answer is a record of the journal, written once.
 */
import { digest, type Json, jsonEqual } from './json.ts'
import type { JsonSchema } from './plan.ts'

/** What a stage asks. */
export interface WaitRequest {
  /** Shown to whoever answers: LangGraph's clients see it as the interrupt's value. */
  readonly value: Json
  /** What an answer has to be; anything by default. */
  readonly response_schema?: JsonSchema
}

/** A wait as the journal knows it. */
export interface Wait extends WaitRequest {
  /** 32 hexadecimal digits. */
  readonly id: string
  /** Absent while it is open. */
  readonly answer?: Json
  /** Nobody knows how the stage's last attempt ended, and a person has to say. */
  readonly ambiguous?: true
}

/** A wait that nobody has answered. */
export interface OpenWait extends WaitRequest {
  readonly id: string
  /** The stage's path. */
  readonly stage: string
  /** As of `Wait`. */
  readonly ambiguous?: true
}

export const isOpen = (wait: Wait): boolean => !Object.hasOwn(wait, 'answer')

/** Equal wherever the stage asks the same question again, and another for every other question of every thread. */
export const waitIdOf = (thread: string, path: string, generation: number, answers: number): string =>
  digest(['wait', thread, path, generation, answers]).slice(0, 32)

/** The first answer stands: whether this one is another. */
export const contradicts = (wait: Wait, answer: Json): boolean =>
  !isOpen(wait) && !jsonEqual(wait.answer as Json, answer)
