/** Runs the program on this process: real streams in, exit code out. */
import { runCli } from './program.ts'
import { flushed, processTerminal } from './terminal.ts'

export async function start(): Promise<void> {
  dropSqliteWarning()
  const code = await runCli(process.argv.slice(2), processTerminal())
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  process.exit(code) // a pipeline's own code may have left timers and sockets open
}

/** Node 22 calls `node:sqlite` experimental on every start. Every other warning stays. */
function dropSqliteWarning(): void {
  const emit = process.emitWarning.bind(process) as (...args: unknown[]) => void
  process.emitWarning = ((warning: unknown, ...rest: unknown[]) => {
    const text = warning instanceof Error ? warning.message : String(warning)
    if (!text.startsWith('SQLite is an experimental')) emit(warning, ...rest)
  }) as typeof process.emitWarning
}
