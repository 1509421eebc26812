/**
 * The command line as a whole: commands, help, and the one place where what was thrown becomes an exit code.
 *
 * The command files load what they need when they run, so that `--help` loads neither the compiler nor LangGraph.
 */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import type { AddCommand, Cli } from './cli.ts'
import { addCancel } from './commands/cancel.ts'
import { addAnswer, addApprove, addReject } from './commands/decide.ts'
import { addDiff } from './commands/diff.ts'
import { addDoctor } from './commands/doctor.ts'
import { addFork } from './commands/fork.ts'
import { addGraph } from './commands/graph.ts'
import { addHistory } from './commands/history.ts'
import { addInit } from './commands/init.ts'
import { addLogs } from './commands/logs.ts'
import { addPending } from './commands/pending.ts'
import { addResume } from './commands/resume.ts'
import { addRetry } from './commands/retry.ts'
import { addRm } from './commands/rm.ts'
import { addRun } from './commands/run.ts'
import { addRuns } from './commands/runs.ts'
import { addShow } from './commands/show.ts'
import { addSignal } from './commands/signal.ts'
import { addTick } from './commands/tick.ts'
import { addValidate } from './commands/validate.ts'
import { addWatch } from './commands/watch.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { writeJson } from './render/json.ts'
import { safeText } from './render/text.ts'
import { describeError } from './say-error.ts'
import type { Terminal } from './terminal.ts'

/** In the order in which `--help` lists them. */
const commands: readonly AddCommand[] = [
  addInit,
  addValidate,
  addGraph,
  addRun,
  addResume,
  addRetry,
  addPending,
  addApprove,
  addReject,
  addAnswer,
  addSignal,
  addTick,
  addRuns,
  addShow,
  addLogs,
  addWatch,
  addHistory,
  addFork,
  addDiff,
  addCancel,
  addRm,
  addDoctor,
]

/** Runs one command line (without `node` and the program's name). Never rejects. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = 0
  const program = createProgram({
    terminal,
    finish(given) {
      code = given
    },
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // help and version "fail" with 0
    return sayError(error, args, terminal)
  }
}

export function createProgram(cli: Cli): Command {
  const { out, err } = cli.terminal
  const program = new Command('stagegraph')
    .description('Runs declarative pipelines that cannot lose work.')
    .version(ownVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('(--help explains it)')
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) => err.write(safeText(text)),
      getOutHelpWidth: () => Math.min(100, out.columns()),
      getErrHelpWidth: () => Math.min(100, err.columns()),
    })
    .exitOverride()
    .addHelpText('after', endOfHelp())
  for (const add of commands) add(program, cli)
  return program
}

function sayError(error: unknown, args: readonly string[], { out, err, env }: Terminal): ExitCode {
  const { code, text, json } = describeError(error, env.STAGEGRAPH_DEBUG === '1')
  if (args.includes('--json')) writeJson(out, json)
  err.write(`${text}\n`)
  return code
}

const endOfHelp = (): string => `
Start here:
  $ stagegraph init hello                  write a first pipeline
  $ stagegraph run hello.yaml              run it
  $ stagegraph run --help                  every command explains itself, with examples

Exit codes:
${Object.entries(exitCodes)
  .map(([code, what]) => `  ${code.padStart(3)}  ${what}`)
  .join('\n')}
`

function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
