/** How a run is shown while it goes on. One of: the tree on a terminal, plain lines, JSON lines. */
import type { RunEvent } from '../../foundation/events.ts'

export interface Renderer {
  /** It wants to see a resumed run's events from the beginning. */
  readonly wantsHistory: boolean
  event(event: RunEvent): void
  /** A sentence from the command itself, not from the run. */
  readonly note: (text: string) => void
  /** Nothing more comes. */
  end(): void
}
