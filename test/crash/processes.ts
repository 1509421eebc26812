/**
 * Processes to be killed, seen from outside. They are started ahead of their use, since loading the engine takes longer
 * than most of their lives.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Said, ToChild } from './child-messages.ts'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
  /** It did not end by itself and was killed by the harness. */
  readonly stuck: boolean
}

type Saying<Word extends Said['said']> = Extract<Said, { said: Word }>

/** What it says resolves as undefined when it ended without saying so. */
export interface Child {
  readonly pid: number
  send(message: ToChild): void
  signal(signal: NodeJS.Signals): void
  readonly ready: Promise<Saying<'ready'> | undefined>
  readonly answer: Promise<Saying<'taken'> | Saying<'refused'> | undefined>
  readonly ended: Promise<Saying<'ended'> | undefined>
  readonly exit: Promise<Exit>
}

/** A process that is not done by then hangs. Generous, for a busy machine; starts when it gets its job. */
const stuckMs = 90_000

const program = fileURLToPath(new URL('./child.ts', import.meta.url))

export function startChild(cacheFolder: string): Child {
  const process_ = fork(program, [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: cacheFolder },
    execArgv: [],
  })
  const ready = Promise.withResolvers<Saying<'ready'> | undefined>()
  const answer = Promise.withResolvers<Saying<'taken'> | Saying<'refused'> | undefined>()
  const ended = Promise.withResolvers<Saying<'ended'> | undefined>()
  process_.on('message', (message: Said) => {
    if (message.said === 'ready') ready.resolve(message)
    else if (message.said === 'ended') ended.resolve(message)
    else answer.resolve(message)
  })
  let timer: NodeJS.Timeout | undefined
  let stuck = false
  const exit = whenGone(process_).then((gone) => {
    clearTimeout(timer)
    for (const promise of [ready, answer, ended]) promise.resolve(undefined)
    return { ...gone, stuck }
  })
  return {
    pid: process_.pid as number,
    send(message) {
      timer ??= setTimeout(() => {
        stuck = true
        process_.kill('SIGKILL')
      }, stuckMs)
      process_.send(message, () => undefined) // it may be gone: `exit` tells
    },
    signal: (signal) => void process_.kill(signal),
    ready: ready.promise,
    answer: answer.promise,
    ended: ended.promise,
    exit,
  }
}

function whenGone(process_: ChildProcess): Promise<Omit<Exit, 'stuck'>> {
  let stderr = ''
  process_.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    process_.on('error', reject)
    process_.on('close', (code, signal) => resolve({ code, signal, stderr }))
  })
}

/** True when it stands still after SIGSTOP. False when it is gone. */
export async function hasStopped(child: Child): Promise<boolean> {
  for (;;) {
    const state = stateOf(child.pid)
    if (state === undefined || state === 'Z') return false
    if (state === 'T') return true
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2)[0]
  } catch {
    return undefined
  }
}

/** Gives out processes that are ready, and starts the next ones meanwhile. */
export interface Nursery {
  take(): Promise<Child>
  close(): Promise<void>
}

export function createNursery(cacheFolder: string, ahead: number): Nursery {
  const waiting: Child[] = []
  const fill = () => {
    while (waiting.length < ahead) waiting.push(startChild(cacheFolder))
  }
  return {
    async take() {
      const child = waiting.shift() ?? startChild(cacheFolder)
      fill()
      if (await child.ready) return child
      throw new Error(`A process did not start: ${(await child.exit).stderr}`)
    },
    async close() {
      for (const child of waiting) child.signal('SIGKILL')
      await Promise.all(waiting.map(({ exit }) => exit))
      waiting.length = 0
    },
  }
}
