/** What comes with Stagegraph: the stage kinds, in the order in which the language reference tells them, and functions. */
import type { StageKinds } from '../foundation/stage-kind.ts'
import { approve } from './approve.ts'
import { ask } from './ask.ts'
import { assert } from './assert.ts'
import { emit } from './emit.ts'
import { foreach } from './foreach.ts'
import { http } from './http.ts'
import { llm } from './llm.ts'
import { loop } from './loop.ts'
import { parallel } from './parallel.ts'
import { pipeline } from './pipeline.ts'
import { run } from './run.ts'
import { switchKind } from './switch.ts'
import { transform } from './transform.ts'
import { uses } from './uses.ts'
import { wait } from './wait.ts'

export { builtinFunctions } from './functions/builtin.ts'

export const builtinKinds: StageKinds = new Map(
  [
    transform,
    assert,
    run,
    http,
    uses,
    llm,
    approve,
    ask,
    wait,
    emit,
    foreach,
    loop,
    switchKind,
    parallel,
    pipeline,
  ].map((kind) => [kind.name, kind]),
)
