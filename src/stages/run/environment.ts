/**
 * The environment of a command: a short list, nothing inherited by accident.
 *
 * Names are never templates, so only the author of the pipeline chooses them, and an author who may run any command may
 * also set `LD_PRELOAD` or `NODE_OPTIONS`: no name is denied but those that are ours or no names at all.
 */
import { StageError } from '../../foundation/errors.ts'
import { type Mark, markVariable, writeMark } from '../process/mark.ts'

/** What a command gets from the environment of this process, where it is set. */
const inherited = ['PATH', 'HOME', 'TMPDIR', 'LANG'] as const

export interface Given {
  readonly outputFile: string
  readonly idempotencyKey: string
  /** Absent when no engine runs it. */
  readonly mark?: Mark
}

/** PATH, HOME, TMPDIR, LANG, the stage's own `env:` over them, and ours over all. */
export function commandEnvironment(own: Readonly<Record<string, string>>, given: Given): Record<string, string> {
  for (const [name, value] of Object.entries(own)) checkVariable(name, value)
  const host = inherited.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    ...Object.fromEntries(host),
    ...own,
    STAGEGRAPH_OUTPUT: given.outputFile,
    STAGEGRAPH_IDEMPOTENCY_KEY: given.idempotencyKey,
    ...(given.mark && { [markVariable]: writeMark(given.mark) }),
  }
}

function checkVariable(name: string, value: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw wrong(`"${name}" cannot be the name of an environment variable.`)
  if (name.startsWith('STAGEGRAPH_')) throw wrong(`"${name}" is set by Stagegraph; choose another name.`)
  if (value.includes('\0')) throw wrong(`The value of "${name}" holds the NUL character; pass such data by stdin.`)
}

const wrong = (message: string): StageError =>
  new StageError(message, { category: 'validation', code: 'bad_environment', retryable: false })
