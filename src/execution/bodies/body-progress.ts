/** How far a body is, told to whoever holds it and to whoever listens. */
import type { BodyWork } from './body-work.ts'

/** A step that is worth an event. */
const step = 0.01

/** Tells a fraction, 0 to 1; what is less than before is not told. */
export function createBodyProgress({ at, way }: Pick<BodyWork, 'at' | 'way'>): (fraction: number) => void {
  let reached = 0
  return (fraction) => {
    if (fraction < Math.min(1, reached + step) || fraction <= reached) return
    reached = fraction
    at.view.inside?.report(at.stage.id, fraction)
    way.say({ type: 'stage.progressed', stage: at.path, fraction })
  }
}
