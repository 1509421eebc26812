/** How a command can fail, in words. */
import { stat } from 'node:fs/promises'
import { StageError } from '../../foundation/errors.ts'
import type { ProcessResult } from '../process.ts'
import type { Argv } from './command.ts'

/** How much of stderr goes into the error's details. */
const tailLength = 2_000

/** The command ended, but not as `expect` says. */
export function endedBadly({ exitCode, signal, stderr }: ProcessResult, expected: readonly number[]): StageError {
  const tail = stderr.trimEnd().slice(-tailLength)
  const last = tail.slice(tail.lastIndexOf('\n') + 1).trim()
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${exitCode}${meaning(exitCode)}`
  const wanted = expected.length === 1 && expected[0] === 0 ? '' : ` (expected ${expected.join(' or ')})`
  return new StageError(`The command ${how}${wanted}${last ? `: ${last}` : '.'}`, {
    category: 'exit_code',
    details: { exit_code: exitCode, signal, stderr: tail },
  })
}

function meaning(exitCode: number | null): string {
  if (exitCode === 127) return ' (command not found)'
  return exitCode === 126 ? ' (not executable)' : ''
}

/** Where a command is to run; a StageError when there is no such folder. */
export async function checkFolder(cwd: string): Promise<void> {
  const found = await stat(cwd).catch(() => undefined)
  if (found?.isDirectory()) return
  throw new StageError(`The folder of the command, "${cwd}", ${found ? 'is no folder' : 'does not exist'}.`, {
    category: 'validation',
    code: 'folder_missing',
    details: { cwd },
    retryable: false,
  })
}

/** The operating system refused to start the program. */
export function notStarted(cause: unknown, [program]: Argv): StageError {
  const code = (cause as NodeJS.ErrnoException).code
  const known: Record<string, string> = {
    ENOENT: `There is no command "${program}". (A list is started without a shell: the first item is the program.)`,
    EACCES: `"${program}" cannot be started: it is not executable (chmod +x), or it is a folder.`,
    E2BIG: 'The arguments and environment of the command are too large; pass the data by stdin or in a file.',
    ENOEXEC: `"${program}" is no program: does it lack its first line, such as #!/bin/sh?`,
  }
  return new StageError(known[code ?? ''] ?? `"${program}" could not be started: ${String(cause)}`, {
    category: code !== undefined && code in known ? 'validation' : 'internal',
    code: code === 'ENOENT' ? 'command_not_found' : 'command_not_started',
    cause,
    details: { command: program },
    retryable: !(code !== undefined && code in known),
  })
}
