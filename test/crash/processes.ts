/**
 * Processes to be killed, seen from outside. They are started ahead of their use, since loading the engine takes longer
 * than most of their lives.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Job, Said, ToChild } from './child-messages.ts'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
  /** It did not end by itself and was killed by the harness. */
  readonly stuck: boolean
}

type Saying<Word extends Said['said']> = Extract<Said, { said: Word }>

/** A job that was given out. What it says resolves as undefined when the process died without saying so. */
export interface Task {
  /** Whether it has the run. */
  readonly answer: Promise<Saying<'taken'> | Saying<'refused'> | undefined>
  /** Its last word. */
  readonly last: Promise<Saying<'ended'> | Saying<'refused'> | undefined>
}

export interface Child {
  readonly pid: number
  readonly ready: Promise<boolean>
  /** One job at a time. */
  work(job: Job): Task
  /** Opens the gate of its job. */
  open(): void
  signal(signal: NodeJS.Signals): void
  readonly exit: Promise<Exit>
}

/** A job that is not done by then hangs. Generous, for a busy machine. */
const stuckMs = 180_000

const program = fileURLToPath(new URL('./child.ts', import.meta.url))

export function startChild(cacheFolder: string): Child {
  const process_ = fork(program, [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: cacheFolder },
    execArgv: [],
  })
  const ready = Promise.withResolvers<boolean>()
  let stuck = false
  let current: ReturnType<typeof createTask> | undefined
  process_.on('message', (message: Said) => {
    if (message.said === 'ready') ready.resolve(true)
    else current?.hear(message)
  })
  const exit = whenGone(process_).then((gone) => {
    ready.resolve(false)
    current?.end()
    return { ...gone, stuck }
  })
  const send = (message: ToChild) => void process_.send(message, () => undefined) // it may be gone: `exit` tells
  return {
    pid: process_.pid as number,
    ready: ready.promise,
    work(job) {
      current = createTask(() => {
        stuck = true
        process_.kill('SIGKILL')
      })
      send({ job })
      return current
    },
    open: () => send({ open: true }),
    signal: (signal) => void process_.kill(signal),
    exit,
  }
}

function createTask(onStuck: () => void) {
  const answer = Promise.withResolvers<Saying<'taken'> | Saying<'refused'> | undefined>()
  const last = Promise.withResolvers<Saying<'ended'> | Saying<'refused'> | undefined>()
  const timer = setTimeout(onStuck, stuckMs)
  const end = (word?: Saying<'ended'> | Saying<'refused'>) => {
    clearTimeout(timer)
    answer.resolve(word?.said === 'refused' ? word : undefined)
    last.resolve(word)
  }
  return {
    answer: answer.promise,
    last: last.promise,
    end,
    hear(message: Exclude<Said, { said: 'ready' }>) {
      if (message.said === 'taken') answer.resolve(message)
      else end(message)
    },
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

/** True as soon as it stands still after SIGSTOP. False when it is gone, or its job is done first. */
export async function hasStopped(child: Child, { last }: Task): Promise<boolean> {
  let done = false
  void last.then(() => {
    done = true
  })
  while (!done) {
    const state = stateOf(child.pid)
    if (state === undefined || state === 'Z') return false
    if (state === 'T') return true
    await sleep(2)
  }
  return false
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
  /** Takes one back that has done its job: it may do another, a few times. */
  giveBack(child: Child): void
  close(): Promise<void>
}

/** Starting one takes as long as several jobs. Not for ever the same, so that none grows old. */
const jobsPerChild = 12

export function createNursery(cacheFolder: string, ahead: number): Nursery {
  const waiting: Child[] = []
  const jobs = new Map<Child, number>()
  const fill = () => {
    while (waiting.length < ahead) waiting.push(startChild(cacheFolder))
  }
  return {
    async take() {
      const child = waiting.shift() ?? startChild(cacheFolder)
      fill()
      jobs.set(child, (jobs.get(child) ?? 0) + 1)
      if (await child.ready) return child
      throw new Error(`A process did not start: ${(await child.exit).stderr}`)
    },
    giveBack(child) {
      if ((jobs.get(child) ?? 0) < jobsPerChild && waiting.length <= ahead) waiting.push(child)
      else child.signal('SIGKILL')
    },
    async close() {
      for (const child of waiting) child.signal('SIGKILL')
      await Promise.all(waiting.map(({ exit }) => exit))
      waiting.length = 0
    },
  }
}
