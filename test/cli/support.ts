/** A terminal of our own for tests, and events to show on it. */

import { createStyle } from '../../src/cli/render/style.ts'
import { Interrupted, type Output, type Terminal } from '../../src/cli/terminal.ts'
import { createManualClock, type ManualClock } from '../../src/foundation/clock.ts'
import type { RunEvent, RunEventBody } from '../../src/foundation/events.ts'
import { type Plan, planFormat, type StagePlan } from '../../src/foundation/plan.ts'

export const plainStyle = createStyle({ color: false, unicode: true })
export const asciiStyle = createStyle({ color: false, unicode: false })

export interface TestOutput extends Output {
  text(): string
  close(): void
}

export function createOutput(
  options: Partial<Pick<Output, 'isTerminal' | 'style'>> & { columns?: number } = {},
): TestOutput {
  const written: string[] = []
  const closed = new AbortController()
  return {
    write: (text) => void written.push(text),
    isTerminal: options.isTerminal ?? false,
    columns: () => options.columns ?? 80,
    rows: () => 24,
    closed: closed.signal,
    style: options.style ?? plainStyle,
    text: () => written.join(''),
    close: () => closed.abort(),
  }
}

export interface TestTerminal extends Terminal {
  readonly out: TestOutput
  readonly err: TestOutput
  readonly clock: ManualClock
  readonly exits: number[]
  interrupt(): void
}

/** `answers`: what the person types; a missing one is Ctrl-D, `^C` is Ctrl-C. */
export function createTerminal(
  options: { cwd?: string; env?: Terminal['env']; answers?: readonly string[]; input?: string } = {},
): TestTerminal {
  const answers = [...(options.answers ?? [])]
  const listeners: (() => void)[] = []
  const exits: number[] = []
  const err = createOutput()
  return {
    cwd: options.cwd ?? process.cwd(),
    env: options.env ?? {},
    platform: 'linux',
    out: createOutput(),
    err,
    isInteractive: options.answers !== undefined,
    async ask(question) {
      err.write(question)
      const answer = answers.shift()
      err.write(`${answer ?? '^D'}\n`)
      if (answer === '^C') throw new Interrupted()
      return answer
    },
    readInput: async () => options.input ?? '',
    clock: createManualClock(),
    onInterrupt(listener) {
      listeners.push(listener)
      return () => void listeners.splice(listeners.indexOf(listener), 1)
    },
    exit: (code) => void exits.push(code),
    exits,
    interrupt: () => listeners.at(-1)?.(),
  }
}

const startMs = Date.UTC(2026, 0, 1, 12)

/** Events of one run, `seconds` after noon; numbered in order. */
export function events(
  ...said: readonly (readonly [seconds: number, body: RunEventBody, more?: Partial<RunEvent>])[]
): RunEvent[] {
  return said.map(
    ([seconds, body, more], at) =>
      ({
        v: 1,
        run: 'r_1',
        seq: at + 1,
        at: new Date(startMs + seconds * 1_000).toISOString(),
        ...body,
        ...more,
      }) as RunEvent,
  )
}

/** So many milliseconds after noon. */
export const noonPlus = (ms: number): number => startMs + ms

export const stagePlan = (id: string, more: Partial<StagePlan> = {}): StagePlan => ({
  id,
  kind: 'transform',
  needs: 'all_above',
  join: 'none_failed',
  onError: { do: 'fail' },
  set: {},
  limits: { outputBytes: 1_000 },
  config: { kind: 'literal', value: null },
  ...more,
})

export const testPlan = (stages: readonly StagePlan[], more: Partial<Plan> = {}): Plan => ({
  format: planFormat,
  hash: 'hash',
  origin: { file: 'p.yaml', directory: '/p' },
  name: 'p',
  inputs: {},
  vars: {},
  models: {},
  env: [],
  secrets: [],
  limits: { concurrency: 8 },
  stages,
  outputs: {},
  files: {},
  recursionLimit: 10,
  ...more,
})

export const started = (pipeline: string, stages: number): RunEventBody => ({
  type: 'run.started',
  pipeline,
  version: null,
  plan: 'hash',
  inputs: {},
  stages,
})
