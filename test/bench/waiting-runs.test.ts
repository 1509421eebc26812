/** A sample of the benchmark of many waiting runs: each goes on once, whichever of two processes ticks. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { countEffects, latest, openFleet, openTickers } from '../../bench/waits/fleet.ts'

test('of 200 runs that wait in one file, two processes bring each to its end once, in time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stagegraph-waits-'))
  try {
    await openFleet(folder, 200)
    const tickers = await openTickers(folder, 2)
    const early = await tickers.tickAt(0)
    expect(early.map(({ ended, other }) => [ended, other])).toEqual([
      [0, 0],
      [0, 0],
    ])
    let ended = 0
    for (const seconds of [50, 100, 150, 200]) {
      for (const ticked of await tickers.tickAt(seconds)) ended += ticked.ended
    }
    await tickers.end()
    expect(ended).toBe(200)
    expect(countEffects(folder)).toEqual({ once: 200, repeated: 0 })
    expect(await latest(folder, 200)).toEqual({ fired: 200, latenessMs: 49_000 })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 120_000)
