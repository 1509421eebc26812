/**
 * The world around the command line as one value: streams, environment, folder, signals. Everything else in `cli/`
 * gets it as an argument, so that tests can bring their own.
 */

import { createInterface } from 'node:readline/promises'
import { text } from 'node:stream/consumers'
import { type Clock, systemClock } from '../foundation/clock.ts'
import { createStyle, type Style, speaksUnicode, wantsColor } from './render/style.ts'

export interface Output {
  /** Does nothing once the reader is gone. */
  write(text: string): void
  readonly isTerminal: boolean
  /** Columns of the terminal; 80 when unknown. */
  columns(): number
  /** Rows of the terminal; 24 when unknown. */
  rows(): number
  /** Aborted when whoever reads it went away (`stagegraph logs -f … | head`). */
  readonly closed: AbortSignal
  readonly style: Style
}

export interface Terminal {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  /** What was asked for. */
  readonly out: Output
  /** What is said about it. */
  readonly err: Output
  /** Someone sits there who can answer a question. */
  readonly isInteractive: boolean
  /** Asks on the terminal. Undefined when the input ended (Ctrl-D); rejects with Interrupted on Ctrl-C. */
  ask(question: string): Promise<string | undefined>
  /** All of standard input. */
  readInput(): Promise<string>
  readonly clock: Clock
  /** Calls back on Ctrl-C, SIGTERM and SIGHUP; the latest listener only. Returns how to stop that. */
  onInterrupt(listener: () => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
}

/** Ctrl-C while a question was open. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** The terminal that this process has. Until someone listens, Ctrl-C, SIGTERM and SIGHUP end the process with 130. */
export function processTerminal(): Terminal {
  const { env, platform, stdin, stdout, stderr } = process
  return {
    cwd: process.cwd(),
    env,
    platform,
    out: processOutput(stdout),
    err: processOutput(stderr),
    isInteractive: Boolean(stdin.isTTY && stderr.isTTY),
    ask: (question) => askOn(stdin, stderr, question),
    readInput: () => text(stdin),
    clock: systemClock,
    onInterrupt: processInterrupts(),
    exit: (code) => process.exit(code),
  }
}

function processInterrupts(): Terminal['onInterrupt'] {
  const listeners: (() => void)[] = [() => process.exit(130)]
  const interrupt = () => listeners.at(-1)?.()
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  process.on('SIGHUP', interrupt)
  return (listener) => {
    listeners.push(listener)
    return () => void listeners.splice(listeners.indexOf(listener), 1)
  }
}

function askOn(input: NodeJS.ReadStream, output: NodeJS.WriteStream, question: string): Promise<string | undefined> {
  const lines = createInterface({ input, output, terminal: true })
  return new Promise<string | undefined>((resolve, reject) => {
    lines.once('SIGINT', () => reject(new Interrupted()))
    lines.once('close', () => resolve(undefined))
    lines.question(question).then(resolve, reject)
  }).finally(() => lines.close())
}

/** Codes of a pipe that nobody reads any more, and of a terminal that was closed. */
const readerLeft: ReadonlySet<string> = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'])

function processOutput(stream: NodeJS.WriteStream): Output {
  const closed = new AbortController()
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!readerLeft.has(error.code ?? '')) throw error
    closed.abort()
  })
  const isTerminal = Boolean(stream.isTTY)
  return {
    write(text) {
      if (!closed.signal.aborted) stream.write(text)
    },
    isTerminal,
    columns: () => stream.columns || 80,
    rows: () => stream.rows || 24,
    closed: closed.signal,
    style: createStyle({
      color: wantsColor(process.env, isTerminal),
      unicode: speaksUnicode(process.env, process.platform),
    }),
  }
}

/** How long a line may be: as wide as the terminal, and no limit in a pipe. */
export const lineWidth = (output: Output): number => (output.isTerminal ? output.columns() : Number.POSITIVE_INFINITY)

/** Ends when everything written so far has left the process. */
export function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) return resolve()
    stream.write('', () => resolve())
  })
}
