/**
 * One line per event, for pipes and logs. Times are UTC.
 *
 *     12:00:01Z fetch started
 *     12:00:02Z fetch | 200 OK
 *     12:00:02Z fetch succeeded in 1.2s
 *
 * What a command prints and a model answers arrives in pieces; it is shown by whole lines, each with its stage.
 */

import { formatDuration } from '../../foundation/duration.ts'
import type { RunEvent } from '../../foundation/events.ts'
import type { Terminal } from '../terminal.ts'
import { failureWords } from './failure.ts'
import type { Renderer } from './renderer.ts'
import { outputLines, safeLine } from './text.ts'
import { skippedBecause } from './tree.ts'

export function createPlainRenderer({ out, err }: Pick<Terminal, 'out' | 'err'>): Renderer {
  const plainLines = createPlainLines()
  const print = (lines: readonly string[]) => {
    if (lines.length > 0) out.write(`${lines.join('\n')}\n`)
  }
  return {
    wantsHistory: false,
    event: (event) => print(plainLines.lines(event)),
    note: (text) => err.write(`${text}\n`),
    end: () => print(plainLines.rest()),
  }
}

export interface PlainLines {
  lines(event: RunEvent): string[]
  /** Lines that were begun and never ended. */
  rest(): string[]
}

/** Keeps what has arrived of unfinished lines, by stage and stream. */
export function createPlainLines(): PlainLines {
  const begun = new Map<string, { readonly prefix: string; text: string }>()

  function collect(key: string, prefix: string, piece: string): string[] {
    const text = (begun.get(key)?.text ?? '') + piece
    const end = text.lastIndexOf('\n') + 1
    if (end < text.length) begun.set(key, { prefix, text: text.slice(end) })
    else begun.delete(key)
    return outputLines(text.slice(0, end)).map((line) => `${prefix} | ${line}`)
  }

  function rest(stage?: string): string[] {
    const taken = [...begun].filter(([key]) => stage === undefined || key.startsWith(`${stage}/`))
    for (const [key] of taken) begun.delete(key)
    return taken.flatMap(([, { prefix, text }]) => outputLines(text).map((line) => `${prefix} | ${line}`))
  }

  return {
    rest: () => rest(),
    lines(event) {
      const time = `${event.at.slice(11, 19)}Z`
      if (event.type === 'stage.output')
        return [
          ...collect(`${event.stage}/${event.stream}`, `${time} ${event.stage}`, event.text),
          ...cutNote(event, time),
        ]
      if (event.type === 'token.streamed') return collect(`${event.stage}/model`, `${time} ${event.stage}`, event.text)
      const line = describe(event)
      const before = 'stage' in event && event.type !== 'stage.logged' ? rest(event.stage) : []
      return line === undefined ? before : [...before, `${time} ${line}`]
    },
  }
}

const cutNote = ({ truncated, stage }: Extract<RunEvent, { type: 'stage.output' }>, time: string): string[] =>
  truncated ? [`${time} ${stage} printed more; the rest is not kept`] : []

type SimpleEvent = Exclude<RunEvent, { readonly type: 'stage.output' | 'token.streamed' }>

/** Undefined for events that are too small for a line. */
function describe(event: SimpleEvent): string | undefined {
  switch (event.type) {
    case 'run.started':
      return `${event.pipeline} started: run ${event.run}, ${event.stages} ${event.stages === 1 ? 'stage' : 'stages'}`
    case 'run.resumed':
      return `run ${event.run} resumed`
    case 'run.paused':
      return event.reason === 'waiting'
        ? `run ${event.run} waits for an answer`
        : `run ${event.run} paused${event.reason === 'until' ? ': it came to the stage it was to run to' : ''}`
    case 'run.reopened':
      return `run ${event.run} goes on; these begin anew: ${event.stages.join(', ')}`
    case 'run.migrated': {
      const again = [...event.anew, ...event.partly]
      const what = again.length === 0 ? 'nothing of it begins anew' : `these begin anew: ${again.join(', ')}`
      return `run ${event.run} goes on by another plan; ${what}`
    }
    case 'run.cancelling':
      return `run ${event.run} is being cancelled`
    case 'run.ended':
      return `${event.result.pipeline} ${event.result.status} in ${formatDuration(event.result.execution_time_ms)}`
    case 'stage.started':
      return `${event.stage} started${event.attempt > 1 ? ` (attempt ${event.attempt})` : ''}`
    case 'stage.retrying':
      return `${event.stage} attempt ${event.attempt} failed (${failureWords(event.error)}); next at ${event.next_at}`
    case 'stage.succeeded':
      return `${event.stage} succeeded ${event.cached ? 'from the cache' : `in ${formatDuration(event.duration_ms)}`}`
    case 'stage.failed':
      return `${event.stage} failed in ${formatDuration(event.duration_ms)}${event.tolerated ? ', tolerated' : ''} (${failureWords(event.error)})`
    case 'stage.handling':
      return `${event.stage} failed; its on_error is at work (${failureWords(event.error)})`
    case 'stage.undone':
      return `${event.stage} taken back`
    case 'stage.cancelled':
      return `${event.stage} cancelled after ${formatDuration(event.duration_ms)}`
    case 'run.warned':
      return `warning: ${safeLine(event.message)}`
    case 'wait.started':
      return `${event.stage} waits for an answer (${event.wait})`
    case 'wait.fired':
      return `${event.stage} has its answer`
    case 'wait.timed_out':
      return `${event.stage} had no answer in time`
    case 'approval.requested':
      return `${event.stage} still waits for an answer (reminder ${event.reminder})`
    case 'stage.skipped':
      return `${event.stage} ${skippedBecause(event.reason)}`
    case 'stage.logged':
      return `${event.stage} ${event.level}: ${safeLine(event.message)}${event.fields ? ` ${JSON.stringify(event.fields)}` : ''}`
    case 'stage.progressed':
    case 'variable.changed':
      return undefined
  }
}
