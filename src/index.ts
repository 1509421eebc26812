/**
 * Stagegraph: declarative pipelines that cannot lose work.
 *
 *   import { compile, createEngine, openStore } from 'stagegraph'
 *
 *   const engine = createEngine({ store: openStore('.stagegraph/runs.db') })
 *   const result = await engine.execute(compile(yaml), { topic: 'tea' })
 */
export {
  type CompiledPipeline,
  type CompileOptions,
  compile,
  compileFile,
  createEngine,
  type EngineOptions,
  type GraphOptions,
} from './app.ts'
export { PipelineFailedError, PipelineIncompleteError } from './compiler/lower/errors.ts'
export type { Decision } from './execution/decision.ts'
export type { FollowOptions, ForkOptions, ResumeOptions, StartOptions } from './execution/engine-options.ts'
export type { Decided, NewSignal, PendingWait, Signalled, Ticked } from './execution/engine-waits.ts'
export type { ForkPoint } from './execution/fork.ts'
export type { HistoryEntry } from './execution/history.ts'
export type { PipelineEngine, PipelineState } from './execution/pipeline-engine.ts'
export type { Recovered } from './execution/recover.ts'
export type { PlannedStage, RecoveryReason } from './execution/recovery-plan.ts'
export type { PipelineResult, Run } from './execution/run.ts'
export type { StageState } from './execution/run-history.ts'
export type {
  Claim,
  HeldLease,
  Lease,
  NewRun,
  RunFilter,
  RunRecord,
  RunStore,
  Signal,
  WaitRecord,
} from './execution/store.ts'
export { createMemoryStore } from './execution/stores/memory.ts'
export { openSqliteStore as openStore } from './execution/stores/sqlite.ts'
export { type Clock, createManualClock, type ManualClock, systemClock } from './foundation/clock.ts'
export { type Diagnostic, formatDiagnostic, type Severity } from './foundation/diagnostic.ts'
export {
  CompileError,
  type Failure,
  type FailureCategory,
  InputError,
  MissingPackageError,
  StageError,
  StagegraphError,
  StoreError,
  ThreadError,
} from './foundation/errors.ts'
export type { RunEvent, RunResult } from './foundation/events.ts'
export type { Json, JsonObject } from './foundation/json.ts'
export type { Logger } from './foundation/logger.ts'
export type { Outcome, RunStatus, StageStatus } from './foundation/outcome.ts'
export type { JsonSchema, Plan } from './foundation/plan.ts'
export { StageSkipped, WaitTimedOut } from './foundation/stage-ends.ts'
export {
  defineFunction,
  defineStage,
  type FunctionContext,
  type FunctionDefinition,
  type StageContext,
  type StageKind,
} from './foundation/stage-kind.ts'
