/** Runs the program on this process: real streams in, exit code out. */
import { runCli } from './program.ts'
import { showCursor } from './render/live.ts'
import { describeStray } from './say-error.ts'
import { flushed, processTerminal } from './terminal.ts'

export async function start(): Promise<void> {
  process.on('exit', giveCursorBack)
  process.on('uncaughtException', endByStray)
  const code = await runCli(process.argv.slice(2), processTerminal())
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  process.exit(code) // a pipeline's own code may have left timers and sockets open
}

/** An error that nothing caught, most likely in a pipeline's own code. What runs is resumed by whoever runs it next. */
function endByStray(error: unknown): void {
  const { text, code } = describeStray(error, process.env.STAGEGRAPH_DEBUG === '1')
  process.stderr.write(`${text}\n`)
  process.exit(code)
}

/** However it ends. */
function giveCursorBack(): void {
  if (process.stdout.isTTY) process.stdout.write(showCursor)
}
