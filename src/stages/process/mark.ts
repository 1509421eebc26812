/**
 * The mark that every command carries in its environment, and hands on to whatever it starts: which engine started it,
 * in which thread, for which stage. By it the leftovers of an engine that was killed are found.
 */
export const markVariable = 'STAGEGRAPH_ENGINE'

export interface Mark {
  readonly engine: string
  readonly thread: string
  /** Path. */
  readonly stage: string
}

/** None of the three can hold a slash. */
export const writeMark = ({ engine, thread, stage }: Mark): string => `${engine}/${thread}/${stage}`

/** Undefined when it is no mark of ours. */
export function readMark(text: string): Mark | undefined {
  const [engine, thread, stage, ...more] = text.split('/')
  return engine && thread && stage && more.length === 0 ? { engine, thread, stage } : undefined
}
