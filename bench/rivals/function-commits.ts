/**
 * The limit of the machine for whoever records each step: the plain function, and after each step one commit of one row
 * in an SQLite file, the text as long as that of our two events. It cannot resume, and nobody else may write.
 */
import { DatabaseSync } from 'node:sqlite'
import type { Job, Json, Rival } from '../harness/contract.ts'
import { finalOf } from './plain-function.ts'

export const functionCommits: Rival = {
  prepare(job, { file }) {
    if (job.shape.is !== 'chain') throw new Error(`${job.name}: only a chain`)
    const db = new DatabaseSync(file)
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    db.exec('CREATE TABLE step (n INTEGER PRIMARY KEY, cell TEXT NOT NULL) STRICT')
    const insert = db.prepare('INSERT INTO step (cell) VALUES (?)')
    return {
      async run() {
        const values = await inOrder(job, (cell) => insert.run(cell))
        return () => finalOf(job, values)
      },
      close: () => db.close(),
    }
  },
}

async function inOrder({ steps }: Job, commit: (cell: string) => void): Promise<Map<string, Json>> {
  const values = new Map<string, Json>()
  for (const step of steps) {
    const value = await step.work()
    values.set(step.id, value)
    commit(JSON.stringify([ended(step.id, value), started(step.id)]))
  }
  return values
}

const ended = (stage: string, output: Json) => ({
  type: 'stage.succeeded',
  stage,
  output,
  attempts: 1,
  duration_ms: 0,
  at: new Date().toISOString(),
  progress: 50,
})

const started = (stage: string) => ({
  type: 'stage.started',
  stage,
  kind: 'uses',
  attempt: 1,
  input: 'e71ee5711d3dfdc01b1357e5e0d20336',
  at: new Date().toISOString(),
  progress: 50,
})
