/** What the phases of one compile share besides the text. */
import type { RegisteredFunction, StageKinds } from '../foundation/stage-kind.ts'
import type { FileReader } from './files.ts'

/** What a compile is given besides the text. */
export interface CompileContext {
  readonly kinds: StageKinds
  /** Registered functions by name, built-in ones included. */
  readonly functions: ReadonlyMap<string, RegisteredFunction>
  /** Names of models that the host registers. */
  readonly models: ReadonlySet<string>
  readonly files: FileReader
  readonly strict: boolean
  /** The pipeline is a stage of another. */
  readonly isChild?: boolean
}
