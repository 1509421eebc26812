/**
 * What can stop a body although its run goes on: its own time limit, and a failure inside where that is to stop the rest.
 *
 * The limit is on active time: what stages inside wait for, while nothing of them runs, does not count, nor does a pause.
 */
import { formatDuration } from '../../foundation/duration.ts'
import { StageError } from '../../foundation/errors.ts'
import type { Begun } from '../../foundation/past.ts'
import type { BodyWork } from './body-work.ts'

export interface BodyGuard {
  /** For the lists inside; undefined where nothing but the run stops them. */
  readonly stop: AbortSignal | undefined
  /** Its time was over. */
  readonly timedOut: StageError | undefined
  /** A stage inside failed: stops the others, if that is wanted. */
  failed(): void
  /** It will be gone on with: keeps how long it was active. */
  interrupted(): void
  end(): void
}

/** `totalMs`: the limit, if there is one. */
export function createGuard({ shop, at, way, body }: BodyWork, begun: Begun, totalMs: number | undefined): BodyGuard {
  const outer = at.view.inside?.stop
  const failsFast = body.kind === 'parallel' && body.failFast
  if (totalMs === undefined && !failsFast) return { ...idle, stop: outer }
  const { clock } = shop.deps
  const controller = new AbortController()
  const over = new AbortController()
  const fromOutside = (): void => controller.abort(outer?.reason)
  if (outer?.aborted) fromOutside()
  else outer?.addEventListener('abort', fromOutside, { once: true })
  const startedMs = clock.monotonic()
  let timedOut: StageError | undefined
  if (totalMs !== undefined) {
    clock.sleep(Math.max(0, totalMs - begun.activeMs), over.signal).then(() => {
      if (controller.signal.aborted) return
      timedOut = tookTooLong(totalMs)
      controller.abort(timedOut)
    }, ignore)
  }
  return {
    stop: controller.signal,
    get timedOut() {
      return timedOut
    },
    failed() {
      if (failsFast && !controller.signal.aborted) controller.abort(siblingFailed())
    },
    interrupted() {
      if (totalMs === undefined) return
      const active_ms = Math.round(begun.activeMs + clock.monotonic() - startedMs)
      way.say({ type: 'stage.interrupted', stage: at.path, attempt: 1, active_ms })
    },
    end() {
      over.abort('over')
      outer?.removeEventListener('abort', fromOutside)
    },
  }
}

const ignore = (): void => undefined

const idle: BodyGuard = { stop: undefined, timedOut: undefined, failed: ignore, interrupted: ignore, end: ignore }

const siblingFailed = (): StageError =>
  new StageError('A stage beside it failed.', { category: 'cancelled', code: 'sibling_failed', retryable: false })

function tookTooLong(limitMs: number): StageError {
  const message = `The stages inside were active for longer than ${formatDuration(limitMs)}.`
  return new StageError(message, {
    category: 'timeout',
    details: { limit_ms: limitMs, kind: 'total' },
    retryable: false,
  })
}
