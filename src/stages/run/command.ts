/** From what `run:` holds to the program and arguments that are started. */
import { StageError } from '../../foundation/errors.ts'

export type Command = string | readonly (string | number | boolean)[]
export type Shell = string | readonly string[]
export type Argv = readonly [string, ...string[]]

/** Text goes to the shell as it stands; a list is started without one. */
export function argvOf(command: Command, shell: Shell | undefined): Argv {
  const [program, ...args] = typeof command === 'string' ? [...shellArgv(shell), command] : command.map(String)
  if (program === undefined || program === '') throw wrong('The command is empty.')
  if ([program, ...args].some((word) => word.includes('\0'))) {
    throw wrong('A command cannot hold the NUL character; pass such data by stdin.')
  }
  return [program, ...args]
}

/**
 * Shells we know stop at the first command that fails, bash also inside pipes: a line that failed unnoticed is lost work.
 * A list is taken as it stands.
 */
function shellArgv(shell: Shell = 'sh'): readonly string[] {
  if (typeof shell !== 'string') return shell
  const name = shell.slice(shell.lastIndexOf('/') + 1)
  if (name === 'bash' || name === 'zsh') return [shell, '-e', '-o', 'pipefail', '-c']
  return [name === 'sh' ? '/bin/sh' : shell, ...(['sh', 'dash', 'ash', 'ksh'].includes(name) ? ['-e'] : []), '-c']
}

const wrong = (message: string): StageError =>
  new StageError(message, { category: 'validation', code: 'bad_command', retryable: false })
