/** What every command gets: the world, and where to leave its exit code. */
import { type Command, Option } from 'commander'
import type { ExitCode } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

export interface Cli {
  readonly terminal: Terminal
  /** Told by the command that ran. */
  finish(code: ExitCode): void
}

/** A command file adds its command to the program. */
export type AddCommand = (program: Command, cli: Cli) => void

export const storeOption = () =>
  new Option('--store <path>', 'where runs are kept (default: .stagegraph/runs.db in the project)')

export const jsonOption = (what: string) => new Option('--json', `${what}; text for people goes to stderr`)

/** Examples below a command's help. */
export const examples = (...lines: readonly (readonly [command: string, what: string])[]): string => {
  const width = Math.max(...lines.map(([command]) => command.length))
  return `\nExamples:\n${lines.map(([command, what]) => `  $ ${command.padEnd(width)}   ${what}`).join('\n')}\n`
}

/** For options that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]
