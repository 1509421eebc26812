/**
 * The one place that starts processes: a child in a process group of its own, read, bounded and always cleared away.
 *
 * When `runProcess` settles, nothing of the group runs any more: not the command, not its children, not what they left in
 * the background. (A descendant that starts a session of its own, as daemons do, has left the group and is not found.)
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { StageError } from '../foundation/errors.ts'
import { captureStream } from './process/capture.ts'
import { endGroup, groupAlive, groupEnds } from './process/group.ts'
import { killOnExit } from './process/live.ts'

export interface ProcessRequest {
  /** Program and arguments; no shell looks at them. */
  readonly argv: readonly [string, ...string[]]
  readonly cwd: string
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  /** Absent = closed from the start. */
  readonly stdin?: string
  /** More bytes of kept output than this end the process. */
  readonly maxBytes: number
  /** Keep all of stderr (it then counts as output), or only its end. */
  readonly keepStderr: boolean
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number
  readonly signal: AbortSignal
  readonly onOutput: (stream: 'stdout' | 'stderr', text: string) => void
  readonly onNote: (message: string) => void
}

export interface ProcessResult {
  /** null when a signal ended it. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  /** Whole, or its last 8 KB. */
  readonly stderr: string
  /** It wrote more than `maxBytes` and was ended for that; what was kept is not whole. */
  readonly tooMuch: boolean
}

/** Background processes get this long to end by themselves once the command has ended. */
const leftoverMs = 200

/**
 * Runs a process to its end. Rejects with the error of `spawn` when it did not start, with `signal.reason` when it was
 * aborted, and with a StageError when the group cannot be killed; in each case after it was cleared away.
 */
export async function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  request.signal.throwIfAborted()
  const child = await start(request)
  const group = child.pid as number
  const release = killOnExit(group)
  try {
    return await supervise(child, group, request)
  } finally {
    release()
  }
}

type Child = ChildProcess & { readonly stdout: Readable; readonly stderr: Readable }

function start({ argv, cwd, env, stdin }: ProcessRequest): Promise<Child> {
  const [program, ...args] = argv
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...env },
      detached: true, // a session and process group of its own
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    }) as Child
    child.once('error', reject)
    child.once('spawn', () => resolve(child))
    child.stdin?.on('error', () => {}) // a command need not read what it is given
    child.stdin?.end(stdin)
  })
}

async function supervise(child: Child, group: number, request: ProcessRequest): Promise<ProcessResult> {
  const { signal, graceMs, onNote } = request
  const [exited, closed] = [once(child, 'exit'), once(child, 'close')]
  const stop = Promise.withResolvers<void>()
  const onAbort = (): void => stop.resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) stop.resolve()
  const reading = read(child, request, stop.resolve)
  try {
    await Promise.race([exited, stop.promise])
    const hasEnded = child.exitCode !== null || child.signalCode !== null
    if (!(hasEnded ? await endLeftovers(group, request) : await endGroup(group, graceMs))) throw cannotKill(group)
    await exited
    await drain(closed, onNote)
  } finally {
    signal.removeEventListener('abort', onAbort)
    child.stdout.destroy()
    child.stderr.destroy()
  }
  signal.throwIfAborted()
  return { exitCode: child.exitCode, signal: child.signalCode, ...reading() }
}

type Reading = Pick<ProcessResult, 'stdout' | 'stderr' | 'tooMuch'>

/** Reads both streams from now on; the returned function says what was read. `stop` is called when it is too much. */
function read(child: Child, { maxBytes, keepStderr, onOutput }: ProcessRequest, stop: () => void): () => Reading {
  let bytes = 0
  const count = (length: number): boolean => {
    bytes += length
    if (bytes > maxBytes) stop()
    return bytes <= maxBytes
  }
  const stdout = captureStream(child.stdout, { keep: 'all', allow: count, onText: (text) => onOutput('stdout', text) })
  const stderr = captureStream(child.stderr, {
    keep: keepStderr ? 'all' : 'tail',
    allow: keepStderr ? count : () => true,
    onText: (text) => onOutput('stderr', text),
  })
  return () => ({ stdout: stdout.text(), stderr: stderr.text(), tooMuch: bytes > maxBytes })
}

/** The command has ended; whatever it left in the background ends with it. */
async function endLeftovers(group: number, { graceMs, onNote, signal }: ProcessRequest): Promise<boolean> {
  if (!groupAlive(group)) return true
  if (!signal.aborted && (await groupEnds(group, leftoverMs))) return true
  onNote('The command ended but left processes running in the background; they are stopped with it.')
  return endGroup(group, graceMs)
}

/**
 * Reads what is still in the pipes. They stay open when a descendant that left the group holds them: then we stop after
 * a second, measured in turns of the event loop so that a busy machine loses nothing.
 */
async function drain(closed: Promise<void>, onNote: ProcessRequest['onNote']): Promise<void> {
  let done = false
  const finished = closed.then(() => {
    done = true
  })
  for (let turn = 0; turn < 20 && !done; turn++) {
    const waiting = new AbortController()
    await Promise.race([finished, sleep(50, undefined, { signal: waiting.signal }).catch(() => {})])
    waiting.abort()
  }
  if (!done) onNote('A process that left the group of the command holds its output open; reading it stopped.')
}

const once = (child: ChildProcess, event: 'exit' | 'close'): Promise<void> =>
  new Promise((resolve) => child.once(event, () => resolve()))

const cannotKill = (group: number): StageError =>
  new StageError(`The command's process group ${group} outlived SIGKILL; it may still be at work.`, {
    category: 'internal',
    code: 'process_not_killed',
    details: { process_group: group },
    retryable: false,
  })
