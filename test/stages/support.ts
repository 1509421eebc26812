/** A real StageContext, built by hand, that remembers what a stage said. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { StageError } from '../../src/foundation/errors.ts'
import type { JsonObject } from '../../src/foundation/json.ts'
import { defaultOutputBytes } from '../../src/foundation/plan.ts'
import type { StageContext, StageKind, StageServices } from '../../src/foundation/stage-kind.ts'

export interface Said {
  readonly logs: { readonly message: string; readonly fields: JsonObject | undefined }[]
  readonly tokens: string[]
  readonly progress: number[]
  stdout: string
  stderr: string
}

type Wishes = Partial<Omit<StageContext, 'services'>> & { readonly services?: Partial<StageServices> }

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'stages-test-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function createContext({ services, ...wishes }: Wishes = {}): { context: StageContext; said: Said } {
  const said: Said = { logs: [], tokens: [], progress: [], stdout: '', stderr: '' }
  const context: StageContext = {
    signal: new AbortController().signal,
    idempotencyKey: 'key-1',
    attempt: 1,
    run: { id: 'run_1', threadId: 'run_1', pipeline: 'test' },
    stage: 'here',
    directory: wishes.directory ?? temporaryFolder(),
    env: {},
    models: {},
    outputSchema: undefined,
    outputBytes: defaultOutputBytes,
    progress: (fraction) => said.progress.push(fraction),
    log: (message, fields) => said.logs.push({ message, fields }),
    output: (stream, text) => {
      said[stream] += text
    },
    token: (text) => said.tokens.push(text),
    waited: () => ({ from: '', to: '' }),
    wait: () => Promise.reject(new Error('Nobody answers here.')),
    services: { functions: new Map(), models: new Map(), fetch, ...services },
    ...wishes,
  }
  return { context, said }
}

/** Runs a kind on a configuration as the engine does: checked first, then run. */
export async function runKind<C>(kind: StageKind<C>, config: unknown, wishes: Wishes = {}) {
  const { context, said } = createContext(wishes)
  const output = await kind.run(kind.schema.parse(config), context)
  return { output, said, context }
}

/** The StageError that the promise rejects with; anything else is thrown on. */
export async function failureOf(promise: Promise<unknown>): Promise<StageError> {
  const settled = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('value' in settled) throw new Error(`It did not fail, but gave ${JSON.stringify(settled.value)}`)
  if (!(settled.error instanceof StageError)) throw settled.error
  return settled.error
}
