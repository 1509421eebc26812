/** Decides, and is killed when the decision is kept and nothing else was done. `<store> <thread>` */
import { createEngine, openStore } from '../../../src/index.ts'

const [path = '', thread = ''] = process.argv.slice(2)
const store = openStore(path)
const engine = createEngine({
  store: {
    ...store,
    async answerWait(...given) {
      await store.answerWait(...given)
      process.kill(process.pid, 'SIGKILL')
      return 'none'
    },
  },
})
await engine.decide(thread, 'ok', { decision: 'approved', by: 'ann' })
