/**
 * A program with an engine of its own that runs pipelines with a node per stage: takes the arguments of `stagegraph run` and
 * `stagegraph resume` that the crash test gives, and prints the run's events as lines of JSON, too.
 */
import { parseArgs } from 'node:util'
import { compileFile, createEngine, openStore } from '../../src/index.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    input: { type: 'string', short: 'i', default: '' },
    thread: { type: 'string' },
    store: { type: 'string', default: '' },
    json: { type: 'boolean' },
  },
})
const [command, target = ''] = positionals
const [name = '', value = ''] = values.input.split('=')
const store = openStore(values.store)
const engine = createEngine({ store, lowering: 'stages' })
const run =
  command === 'run'
    ? await engine.start(compileFile(target), { [name]: value }, { ...(values.thread && { threadId: values.thread }) })
    : await engine.resume(target)
for await (const event of run.events()) process.stdout.write(`${JSON.stringify(event)}\n`)
const { status } = await run.result
await engine.close()
await store.close()
process.exitCode = status === 'succeeded' ? 0 : 1
