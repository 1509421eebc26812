/** What the checks of a document's shape share. */
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import type { Json } from '../../foundation/json.ts'
import type { StageKinds } from '../../foundation/stage-kind.ts'
import type { Places } from '../yaml/places.ts'

export interface Shape {
  readonly places: Places
  readonly kinds: StageKinds
  readonly report: (diagnostic: Diagnostic) => void
}

/** Data that is still being read and may be mended. */
export interface Mutable {
  [key: string]: Json
}
