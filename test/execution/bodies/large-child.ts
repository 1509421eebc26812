/** Runs, or goes on with, a foreach of many items over an SQLite file; says how it ended on standard output. */
import { appendFileSync } from 'node:fs'
import { compile, createEngine, defineFunction, openStore } from '../../../src/index.ts'

const [file = '', effects = '', items = '0', limit = '1'] = process.argv.slice(2)

let running = 0
let most = 0
let heapMb = 0
let done = 0
const collect = (globalThis as { gc?: () => void }).gc ?? (() => undefined)
const liveMb = (): number => {
  collect()
  return process.memoryUsage().heapUsed / 1e6
}

const functions = {
  'test/item': defineFunction({
    run: async ({ n }: { readonly n: number }) => {
      most = Math.max(most, ++running)
      appendFileSync(effects, `${n}\n`)
      await new Promise(setImmediate)
      if (++done % 2_000 === 0) heapMb = Math.max(heapMb, liveMb())
      running--
      return n
    },
  }),
}
const pipeline = compile(
  `
name: large
inputs: { items: integer }
stages:
  - id: all
    foreach: \${{ range(inputs.items) }}
    concurrency: ${limit}
    stages: [{ id: it, uses: test/item, with: { n: "\${{ item }}" } }]
outputs: { count: "\${{ size(stages.all.output) }}", last: "\${{ stages.all.output[inputs.items - 1] }}" }
`,
  { functions },
)

const store = openStore(file)
const engine = createEngine({ store, functions })
await engine.execute(compile('name: warm\nstages: [{ id: it, transform: 1 }]\n'))
const before = liveMb()
const known = (await engine.get('t')) !== undefined
const run = known ? await engine.resume('t') : await engine.start(pipeline, { items: Number(items) }, { threadId: 't' })
const { status, outputs } = await run.result
process.stdout.write(JSON.stringify({ status, outputs, most, grownMb: heapMb === 0 ? 0 : heapMb - before, ran: done }))
await engine.close()
await store.close()
