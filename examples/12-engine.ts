/**
 * The engine from code: start a run, follow its events, pause it, and resume it by thread id — here from a second
 * engine, as another process would.
 *
 *   npx node examples/12-engine.ts
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { compile, createEngine, defineFunction, openStore } from '../src/index.ts'

const yaml = `
name: shout
inputs:
  words: string[]
stages:
  - id: join
    uses: text/join
    with: { words: "\${{ inputs.words }}" }
    output: string
  - id: shout
    transform: "\${{ stages.join.output.upper() }}!"
outputs:
  text: \${{ stages.shout.output }}
`

/** A function with typed input and output, registered by name. */
const functions = {
  'text/join': defineFunction({
    input: z.strictObject({ words: z.array(z.string()) }),
    output: z.string(),
    run: ({ words }, { log }) => {
      log(`joining ${words.length} words`)
      return words.join(' ')
    },
  }),
}

export async function main(log: (line: string) => void = console.log) {
  const file = join(mkdtempSync(join(tmpdir(), 'stagegraph-')), 'runs.db')
  const pipeline = compile(yaml, { functions })

  const store = openStore(file)
  const first = createEngine({ store, functions })
  const run = await first.start(pipeline, { words: ['nothing', 'is', 'lost'] }, { until: 'join' })
  for await (const event of run.events()) log(`${event.seq} ${event.type}`)
  log(`paused: ${(await run.result).status}`)
  await first.close()
  await store.close()

  const again = openStore(file)
  await using second = createEngine({ store: again, functions })
  const result = await (await second.resume(run.id)).result
  log(`${result.status}: ${result.outputs?.text}`)
  await again.close()
  return result
}

if (import.meta.main) await main()
