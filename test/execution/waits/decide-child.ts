/**
 * Decides, and is killed when so many calls of the store are done. `<store> <thread> <calls>`. Says `ended` when it came
 * to the end of the run.
 */
import { createEngine, openStore, type RunStore } from '../../../src/index.ts'

const [path = '', thread = '', calls = '0'] = process.argv.slice(2)
let left = Number(calls)

/** What is done is done; nothing more happens. */
function dying(store: RunStore): RunStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return async (...given: unknown[]) => {
        const result: unknown = await member.apply(target, given)
        if (--left === 0) process.kill(process.pid, 'SIGKILL')
        return result
      }
    },
  })
}

const real = openStore(path)
const store = dying(real)
const engine = createEngine({ store: { ...store, saver: real.saver, saverOf: real.saverOf }, background: false })
const { run } = await engine.decide(thread, 'ok', { decision: 'approved', by: 'ann' })
await run?.result
process.stdout.write('ended')
