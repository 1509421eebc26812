/**
 * A sample of `npm run crash`: 24 points in all. Everything is killed for real; see `suites.ts` for what a round is and
 * `judge.ts` for what it must show.
 */
import { afterAll, beforeAll, expect, describe as group, it } from 'vitest'
import { seeded, upTo } from '../fuzz/random.ts'
import { createLab, type Lab } from './lab.ts'
import { runSuite, type Summary } from './run-suite.ts'
import {
  atRandom,
  combinations,
  doubles,
  pointRound,
  type Round,
  type Suite,
  withoutJournal,
  withoutLease,
  zombies,
} from './suites.ts'

/** Another one each day finds more than the same one for ever, and can be repeated: it is in the name of the round. */
const seed = Math.floor(Date.now() / 86_400_000)
const lanes = 2
const longMs = 600_000

let lab: Lab
beforeAll(() => {
  lab = createLab(lanes)
})
afterAll(() => lab.close())

const run = (suite: Suite): Promise<Summary> => runSuite(suite, lanes, () => undefined)

group('a run whose process is killed with SIGKILL', () => {
  it(
    'loses nothing, runs no recorded stage again and ends as it would have, wherever it is killed',
    async () => {
      const random = seeded(seed)
      const rounds: Round[] = []
      for (const [pipeline, lowering] of [...combinations, ...combinations]) {
        const { points } = await lab.alone(pipeline, lowering)
        rounds.push(pointRound(lab, pipeline, lowering, 1 + upTo(random, points.length)))
      }
      const summary = await run({ name: 'points', control: false, rounds: rounds.slice(0, 16) })
      expect(summary).toMatchObject({ rounds: 16, lost: 0, rerun: 0, broken: 0, wrong: [] })
      expect(summary.kills).toBeGreaterThan(10)
    },
    longMs,
  )

  it(
    'and so it is at random moments, and when the process that resumes is killed, too',
    async () => {
      const summary = await run(atRandom(lab, seed, 4))
      expect(summary).toMatchObject({ lost: 0, rerun: 0, broken: 0, wrong: [] })
      expect(summary.kills).toBeGreaterThan(0)
    },
    longMs,
  )

  it(
    'is noticed by this harness when recovery cannot read the journal',
    async () => {
      const summary = await run(withoutJournal(lab, seed, 2))
      expect(summary).toMatchObject({ counted: 2, wrong: [] })
      expect(summary.rerun).toBeGreaterThan(0)
    },
    longMs,
  )
})

group('a process that stands still until its lease has expired', () => {
  it(
    'writes nothing once another one has taken its run over, and starts no further effect',
    async () => {
      const summary = await run(zombies(lab, seed, 4))
      expect(summary).toMatchObject({ lost: 0, rerun: 0, broken: 0, wrong: [] })
      expect(summary.counted).toBeGreaterThan(0)
    },
    longMs,
  )
})

group('two processes that resume one thread at the same moment', () => {
  it(
    'run it once: the other is told that it is busy',
    async () => {
      expect(await run(doubles(lab, seed, 4))).toMatchObject({ counted: 4, lost: 0, rerun: 0, broken: 0, wrong: [] })
    },
    longMs,
  )

  it(
    'are noticed by this harness when there is no lease',
    async () => {
      expect(await run(withoutLease(lab, seed, 2))).toMatchObject({ counted: 2, wrong: [] })
    },
    longMs,
  )
})
