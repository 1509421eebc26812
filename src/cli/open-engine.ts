/** Opens the store and puts an engine on it. The only file here that loads LangGraph, so it is imported when needed. */
import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { createEngine } from '../app.ts'
import type { PipelineEngine } from '../execution/pipeline-engine.ts'
import type { RunStore } from '../execution/store.ts'
import { openSqliteStore } from '../execution/stores/sqlite.ts'
import { InputError, ThreadError } from '../foundation/errors.ts'
import type { Logger } from '../foundation/logger.ts'
import type { Plan } from '../foundation/plan.ts'
import { countDiagnostics, formatDiagnostics, loadPipeline } from './load-pipeline.ts'
import { defaultStorePath } from './project-root.ts'
import { safeLine } from './render/text.ts'
import type { Terminal } from './terminal.ts'

export interface OpenEngine extends AsyncDisposable {
  readonly engine: PipelineEngine
  readonly store: RunStore
  readonly storePath: string
}

export async function openEngine(
  terminal: Terminal,
  storePath: string,
  note?: (text: string) => void,
  pipelines: readonly Plan[] = [],
): Promise<OpenEngine> {
  const store = openSqliteStore(storePath)
  const engine = createEngine({
    store,
    env: terminal.env,
    pipelines,
    background: false, // whoever types a command wants that, and no other run
    logger: noteLogger(note ?? ((text) => terminal.err.write(`${text}\n`))),
  })
  return {
    engine,
    store,
    storePath,
    async [Symbol.asyncDispose]() {
      await engine.close()
      await store.close()
    },
  }
}

/** The store for commands about a thread: named, or found from the current folder. It must be there. */
export async function openExisting(
  terminal: Terminal,
  option: string | undefined,
  pipelines: readonly Plan[] = [],
): Promise<OpenEngine> {
  const path = option === undefined ? defaultStorePath(terminal.cwd) : resolve(terminal.cwd, option)
  if (!existsSync(path)) {
    throw new ThreadError(
      'thread_unknown',
      `There are no runs here: "${relative(terminal.cwd, path)}" does not exist.`,
      {
        hint: 'Run a pipeline first (stagegraph run <file>), go to its folder, or name its store with --store.',
      },
    )
  }
  return openEngine(terminal, path, undefined, pipelines)
}

/** The pipelines in these files, whose triggers are to start runs. Throws InputError. */
export function loadPipelines(files: readonly string[], cwd: string): readonly Plan[] {
  return files.map((file) => {
    const loaded = loadPipeline(file, cwd)
    if (loaded.plan) return loaded.plan
    throw new InputError(`"${file}" does not compile.\n${formatDiagnostics(loaded)}`, [
      { name: file, message: countDiagnostics(loaded.diagnostics) },
    ])
  })
}

/** Warnings and errors of the library are said to whoever sits there. */
function noteLogger(note: (text: string) => void): Logger {
  const say = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
    note(safeLine(`${level}: ${message}${fields ? ` ${JSON.stringify(fields)}` : ''}`))
  return { debug() {}, info() {}, warn: say('warning'), error: say('error') }
}
