/** The one place of this harness that knows how an engine is made. */

import type { RunStore } from '../../src/execution/store.ts'
import type { Lowering } from '../../src/foundation/outcome.ts'
import { type CompiledPipeline, compile, createEngine, openStore, type PipelineEngine } from '../../src/index.ts'
import type { effectsInto } from './effects.ts'
import { type PipelineName, pipelines } from './pipelines.ts'

export const lowerings: readonly Lowering[] = ['flow', 'stages']

type Functions = ReturnType<typeof effectsInto>

export interface EngineParts {
  readonly lowering: Lowering
  readonly functions: Functions
  /** How long a lease lives unless it is renewed. Milliseconds. */
  readonly leaseMs: number
}

export const open = (path: string): RunStore => openStore(path)

export const engineOn = (store: RunStore, { lowering, functions, leaseMs }: EngineParts): PipelineEngine =>
  createEngine({ store, functions, lowering, leaseMs })

export const compiled = (name: PipelineName, functions: Functions): CompiledPipeline =>
  compile(pipelines[name], { functions })
