/** What the parse phase gives: a spec that knows where everything stood. */
import type { Json, JsonObject } from '../foundation/json.ts'
import type { Source, Span } from '../foundation/source.ts'
import type { PipelineSpec } from './spec.ts'

export type Path = readonly (string | number)[]

export interface ParsedPipeline {
  readonly source: Source
  /** The document as plain JSON, aliases and `<<` resolved, `x-*` keys removed, shape checked. */
  readonly spec: PipelineSpec
  /** The same data without types, for walking by path. */
  readonly data: JsonObject
  valueAt(path: Path): Json | undefined
  /** Where the value at `path` stands; the nearest ancestor that stands somewhere when it does not. */
  spanOf(path: Path): Span
  /** Where the key of the last step of `path` stands. */
  keySpanOf(path: Path): Span
  /**
   * Where `[start, end)` of a scalar's *value* stands in the source: through quotes, escapes, folding and block indents.
   */
  spanIn(path: Path, start: number, end: number): Span
}
