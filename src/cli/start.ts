/** Runs the program on this process: real streams in, exit code out. */
import { runCli } from './program.ts'
import { flushed, processTerminal } from './terminal.ts'

export async function start(): Promise<void> {
  const code = await runCli(process.argv.slice(2), processTerminal())
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  process.exit(code) // a pipeline's own code may have left timers and sockets open
}
