/** What comes with Stagegraph: the stage kinds, in the order in which the language reference tells them, and functions. */
import type { StageKinds } from '../foundation/stage-kind.ts'
import { assert } from './assert.ts'
import { http } from './http.ts'
import { llm } from './llm.ts'
import { run } from './run.ts'
import { transform } from './transform.ts'
import { uses } from './uses.ts'

export { builtinFunctions } from './functions/builtin.ts'

export const builtinKinds: StageKinds = new Map(
  [transform, assert, run, http, uses, llm].map((kind) => [kind.name, kind]),
)
