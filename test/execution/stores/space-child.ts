/**
 * A process of its own whose files may not get large, for `sqlite.space.test.ts`: runs a pipeline until it is done or the
 * system lets it write no more, and says how that ended. What a stage does is one line more in a file.
 */
import { appendFileSync } from 'node:fs'
import { compile, createEngine, defineFunction, openStore, StoreError } from '../../../src/index.ts'

export const stages = 40

/** A chain of stages that each write a line and return 3 KB. */
export function pipelineOn(effects: string) {
  const functions = {
    'test/effect': defineFunction({
      run(_input, { stage }) {
        appendFileSync(effects, `${stage}\n`)
        return `${stage} ${'x'.repeat(3000)}`
      },
    }),
  }
  const lines = Array.from({ length: stages }, (_, n) => {
    return `  - { id: s${n}, uses: test/effect${n === 0 ? '' : `, needs: [s${n - 1}]`} }`
  })
  return { functions, pipeline: compile(`name: space\nstages:\n${lines.join('\n')}\n`, { functions }) }
}

async function run(path: string, effects: string): Promise<unknown> {
  const { functions, pipeline } = pipelineOn(effects)
  try {
    const store = openStore(path)
    const engine = createEngine({ store, functions })
    const { status, error } = await (await engine.start(pipeline, {}, { threadId: 't' })).result
    return { status, code: error?.code ?? null }
  } catch (error) {
    if (error instanceof StoreError) return { status: null, code: error.code }
    throw error
  }
}

if (process.argv[1] === import.meta.filename) {
  const [path = '', effects = ''] = process.argv.slice(2)
  process.stdout.write(JSON.stringify(await run(path, effects)))
}
