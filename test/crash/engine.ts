/** The one place of this harness that knows how an engine is made. */

import type { RunStore } from '../../src/execution/store.ts'
import type { Lowering } from '../../src/foundation/outcome.ts'
import { type CompiledPipeline, compile, createEngine, openStore, type PipelineEngine } from '../../src/index.ts'
import { type EffectPorts, functionsInto, questionInto } from './effects.ts'
import { type PipelineName, pipelines } from './pipelines.ts'

export const lowerings: readonly Lowering[] = ['flow', 'stages']

export interface EngineParts {
  readonly lowering: Lowering
  readonly effects: EffectPorts
  /** How long a lease lives unless it is renewed. Milliseconds. */
  readonly leaseMs: number
}

export const open = (path: string): RunStore => openStore(path)

export const engineOn = (store: RunStore, { lowering, effects, leaseMs }: EngineParts): PipelineEngine =>
  createEngine({ store, ...workOf(effects), lowering, leaseMs })

export const compiled = (name: PipelineName, effects: EffectPorts): CompiledPipeline =>
  compile(pipelines[name], workOf(effects))

const workOf = (effects: EffectPorts) => ({ functions: functionsInto(effects), stages: [questionInto(effects)] })
