/** What an engine does by itself while runs of it are under way: it sees to what is due of other runs' waits. */
import type { EngineHost } from './engine-host.ts'
import type { Run } from './run.ts'

/** How often it looks. Milliseconds of the machine's time: a manual clock moves by itself. */
const lookEveryMs = 1_000

export interface Background {
  /** A run has begun here, or gone on. */
  look(): void
  stop(): void
}

/** The first run makes it look at once; it goes on for as long as there is one, or `always`. */
export function createBackground(
  { background = false, logger }: Pick<EngineHost, 'background' | 'logger'>,
  running: ReadonlyMap<string, Run>,
  tick: () => Promise<unknown>,
  always: boolean,
): Background {
  let timer: NodeJS.Timeout | undefined
  let looking = false
  let started = false
  let stopped = false

  function stop(): void {
    clearInterval(timer)
    timer = undefined
  }

  async function lookOnce(): Promise<void> {
    if (looking) return
    looking = true
    try {
      await tick()
    } catch (error) {
      logger.warn('what is due could not be seen to', { error: String(error) })
    } finally {
      looking = false
    }
  }

  if (always) setImmediate(look) // when the engine is there

  function look(): void {
    if (!background || stopped) return
    if (!started) void lookOnce()
    started = true
    timer ??= setInterval(() => {
      if (running.size === 0 && !always) stop()
      else void lookOnce()
    }, lookEveryMs).unref()
  }

  return {
    look,
    stop() {
      stopped = true
      stop()
    },
  }
}
