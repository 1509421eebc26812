/**
 * What is known of a run, gathered from its events: what the tree is drawn from.
 *
 * The stages come from the plan, in list order, so that what is still to come is shown too.
 */
import type { Failure } from '../../foundation/errors.ts'
import type { RunEvent } from '../../foundation/events.ts'
import type { SkipReason, StageStatus } from '../../foundation/outcome.ts'
import type { Plan } from '../../foundation/plan.ts'
import { outputLines, safeLine } from './text.ts'

export interface StagePicture {
  readonly id: string
  readonly kind: string
  /** Attempts the plan allows. */
  readonly allowed: number
  readonly status: StageStatus | 'retrying'
  readonly attempt: number
  readonly startedMs?: number
  readonly durationMs?: number
  readonly error?: Failure
  readonly reason?: SkipReason
  readonly tolerated?: boolean
  readonly cached?: boolean
  /** 0–1, when the stage says how far it is. */
  readonly fraction?: number
  /** The last thing it said: a line of output, a log message, a word about progress, the end of a model's answer. */
  readonly tail: string
}

export interface Picture {
  readonly pipeline: string
  readonly run: string
  readonly stages: ReadonlyMap<string, StagePicture>
  /** When this stretch began. */
  readonly startedMs?: number
  /** When it will end, as last told. */
  readonly endsAtMs?: number
  /** 0–100. */
  readonly progress: number
  readonly isOver: boolean
}

/** A picture that events are entered into. */
export interface Painter {
  readonly picture: Picture
  /** Events of stages that the plan does not know are passed over. */
  enter(event: RunEvent): void
}

type StageEvent = Extract<RunEvent, { readonly stage: string }>

export function createPainter(plan: Plan): Painter {
  const stages = new Map(plan.stages.map((stage) => [stage.id, untouched(stage.id, stage.kind, stage.retry?.attempts)]))
  let picture: Picture = { pipeline: plan.name, run: '', stages, progress: 0, isOver: false }

  function enterStage(event: StageEvent): void {
    const stage = stages.get(event.stage)
    if (stage) stages.set(stage.id, { ...stage, ...changeOf(stage, event) })
  }

  /** What ran when an earlier stretch ended did not end with it: it starts again. */
  function stopAll(): void {
    for (const stage of stages.values()) {
      if (stage.status === 'running' || stage.status === 'retrying')
        stages.set(stage.id, { ...stage, status: 'pending' })
    }
  }

  return {
    get picture() {
      return picture
    },
    enter(event) {
      if ('stage' in event) enterStage(event)
      if (event.type === 'run.resumed' || event.type === 'run.paused') stopAll()
      picture = { ...picture, ...runChange(event) }
    },
  }
}

const untouched = (id: string, kind: string, allowed = 1): StagePicture => ({
  id,
  kind,
  allowed,
  status: 'pending',
  attempt: 0,
  tail: '',
})

function runChange(event: RunEvent): Partial<Picture> {
  const atMs = Date.parse(event.at)
  const isStart = event.type === 'run.started' || event.type === 'run.resumed'
  return {
    run: event.run,
    ...(event.progress !== undefined && { progress: event.progress }),
    ...(event.eta_ms !== undefined && { endsAtMs: event.eta_ms === null ? atMs : atMs + event.eta_ms }),
    ...(isStart && { startedMs: atMs, endsAtMs: atMs }),
    ...(isStart ? { isOver: false } : (event.type === 'run.ended' || event.type === 'run.paused') && { isOver: true }),
  }
}

function changeOf(stage: StagePicture, event: StageEvent): Partial<StagePicture> {
  switch (event.type) {
    case 'stage.started':
      return {
        status: 'running',
        attempt: event.attempt,
        startedMs: event.attempt > 1 ? (stage.startedMs ?? Date.parse(event.at)) : Date.parse(event.at),
        tail: '',
      }
    case 'stage.retrying':
      return { status: 'retrying', error: event.error }
    case 'stage.succeeded':
      return { ...ended(event), status: 'succeeded', cached: event.cached === true }
    case 'stage.failed':
      return { ...ended(event), status: 'failed', error: event.error, tolerated: event.tolerated }
    case 'stage.cancelled':
      return { ...ended(event), status: 'cancelled', error: event.error }
    case 'stage.skipped':
      return { status: 'skipped', reason: event.reason }
    default:
      return saying(stage, event)
  }
}

const ended = (event: { readonly duration_ms: number; readonly attempts: number }) => ({
  durationMs: event.duration_ms,
  attempt: event.attempts,
  tail: '',
})

/** What the stage said last. */
function saying(stage: StagePicture, event: StageEvent): Partial<StagePicture> {
  switch (event.type) {
    case 'stage.progressed':
      return { fraction: event.fraction, tail: event.message ? safeLine(event.message) : stage.tail }
    case 'stage.output':
      return {
        tail:
          outputLines(event.text)
            .findLast((line) => line.trim() !== '')
            ?.trim() ?? stage.tail,
      }
    case 'stage.logged':
      return { tail: safeLine(event.message) }
    case 'token.streamed':
      return { tail: answerTail(stage.tail, event.text) }
    default:
      return {}
  }
}

/** Characters of a model's answer that are kept. */
const tailLength = 200

/** The end of an answer that arrives in pieces; a space at its end is kept, for the next piece. */
function answerTail(before: string, piece: string): string {
  const text = `${before}${piece}`
  return `${safeLine(text.slice(-tailLength))}${/\s$/.test(text) ? ' ' : ''}`
}
