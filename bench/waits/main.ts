/** `npm run bench:waits [-- <runs>]`: 10,000 runs that wait in one file, gone on with by two processes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { countEffects, latest, openFleet, openTickers } from './fleet.ts'

const runs = Number(process.argv[2] ?? 10_000)
/** Runs that are due at each tick; the clock moves by as many seconds. */
const step = 100
const folder = mkdtempSync(join(tmpdir(), 'stagegraph-waits-'))
const ms = (value: number): string => `${value.toFixed(1)} ms`
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

try {
  const { openMs, bytes } = await openFleet(folder, runs)
  console.log(`${runs} runs wait: ${ms(openMs / runs)} and ${Math.round(bytes / runs)} bytes a run, file ${mb(bytes)}`)
  const alone = await openTickers(folder, 1)
  await alone.tickAt(0)
  const [none] = await alone.tickAt(0)
  console.log(`tick, none due: ${ms(none?.tickMs ?? 0)}, RSS ${mb(none?.rss ?? 0)}`)
  const [due] = await alone.tickAt(step)
  console.log(
    `tick, ${due?.ended} due: ${ms(due?.tickMs ?? 0)}, with their ends ${ms(due?.allMs ?? 0)}, RSS ${mb(due?.rss ?? 0)}`,
  )
  await alone.end()
  const two = await openTickers(folder, 2)
  let [ended, rss] = [due?.ended ?? 0, 0]
  for (let seconds = 2 * step; seconds <= runs; seconds += step) {
    for (const ticked of await two.tickAt(seconds)) {
      ended += ticked.ended
      rss = Math.max(rss, ticked.rss)
    }
  }
  await two.end()
  const effects = countEffects(folder)
  const { fired, latenessMs } = await latest(folder, runs)
  console.log(
    `two processes: ${ended} ended, ${fired} fired, ${effects.once} effects once, ${effects.repeated} repeated`,
  )
  console.log(`latest by ${ms(latenessMs)}, where a tick comes every ${step} s; RSS at most ${mb(rss)}`)
  if (effects.once !== runs || fired !== runs) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
