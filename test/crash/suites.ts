/**
 * The suites, as lists of rounds. A round is found again by its suite, its number and the seed (or by its pipeline,
 * lowering and point), and what it does follows from these.
 */
import type { Lowering } from '../../src/foundation/outcome.ts'
import { pick, type Random, seeded, times, upTo } from '../fuzz/random.ts'
import type { Job } from './child-messages.ts'
import { resumablePoints, resumeTwice } from './double.ts'
import { lowerings } from './engine.ts'
import type { Evidence } from './evidence.ts'
import { judge, type Verdict } from './judge.ts'
import { type Kill, killAndResume } from './kill.ts'
import type { Lab } from './lab.ts'
import { type PipelineName, pipelineNames } from './pipelines.ts'
import { passes, type Report } from './report.ts'
import { raiseZombie } from './zombie.ts'

export interface Round {
  /** Arguments of `npm run crash --` that repeat it. */
  readonly name: string
  run(): Promise<Report>
}

export interface Suite {
  readonly name: SuiteName
  /** A control is a suite with something switched off: every round must fail. */
  readonly control: boolean
  readonly rounds: readonly Round[]
}

export const suiteNames = ['points', 'random', 'zombie', 'double', 'no-journal', 'no-lease'] as const
export type SuiteName = (typeof suiteNames)[number]

export const combinations: readonly (readonly [PipelineName, Lowering])[] = pipelineNames.flatMap((pipeline) =>
  lowerings.map((lowering) => [pipeline, lowering] as const),
)

/** Runs that wait leave their thread, so that a second process may rightly have it. */
const unwaiting = combinations.filter(([pipeline]) => pipeline !== 'waits' && pipeline !== 'bodies')

/** How long a lease lives where one is to expire. Milliseconds. */
const shortLeaseMs = 300

/** Every numbered point of every pipeline in both lowerings. */
export async function everyPoint(lab: Lab): Promise<Suite> {
  const rounds: Round[] = []
  for (const [pipeline, lowering] of combinations) {
    const { points } = await lab.alone(pipeline, lowering)
    rounds.push(...points.map((_, at) => pointRound(lab, pipeline, lowering, at + 1)))
  }
  return { name: 'points', control: false, rounds }
}

export const pointRound = (lab: Lab, pipeline: PipelineName, lowering: Lowering, point: number): Round => ({
  name: `--suite points --pipeline ${pipeline} --lowering ${lowering} --point ${point}`,
  run: () => killed(lab, pipeline, lowering, [{ point }]),
})

async function killed(
  lab: Lab,
  pipeline: PipelineName,
  lowering: Lowering,
  kills: readonly Kill[],
  without?: Job['without'],
): Promise<Report> {
  const { evidence, ...rest } = await killAndResume(lab, lab.site(pipeline, lowering), kills, without)
  return { ...rest, counted: rest.kills > 0, verdict: await verdictOn(lab, evidence, pipeline, lowering) }
}

const verdictOn = async (lab: Lab, evidence: Evidence, pipeline: PipelineName, lowering: Lowering): Promise<Verdict> =>
  judge(evidence, (await lab.alone(pipeline, lowering)).trace)

/** How often a round chooses another moment when the run had ended before the one it chose. */
const tries = 5

/** Rounds whose number and seed say everything. */
const randomRounds = (
  name: SuiteName,
  seed: number,
  count: number,
  run: (random: Random, pipeline: PipelineName, lowering: Lowering) => Promise<Report>,
  from = combinations,
): Round[] =>
  times(count, (index) => ({
    name: `--suite ${name} --seed ${seed} --round ${index + 1}`,
    async run() {
      const random = seeded(seed * 1_000_003 + index)
      let report = await run(random, ...pick(random, from))
      for (let more = tries; more > 0 && !report.counted && passes(report); more--) {
        report = await run(random, ...pick(random, from))
      }
      return report
    },
  }))

/** SIGKILL from outside after a random time; in every second round the process that resumes is killed, too. */
export const atRandom = (lab: Lab, seed: number, count: number): Suite => ({
  name: 'random',
  control: false,
  rounds: randomRounds('random', seed, count, async (random, pipeline, lowering) => {
    const { tookMs, points } = await lab.alone(pipeline, lowering)
    const kill = (): Kill =>
      random() < 0.7 ? { afterMs: random() * tookMs } : { point: 1 + upTo(random, points.length) }
    return killed(lab, pipeline, lowering, random() < 0.5 ? [kill()] : [kill(), kill()])
  }),
})

/** SIGSTOP at a random point, or after a random time. */
export const zombies = (lab: Lab, seed: number, count: number): Suite => ({
  name: 'zombie',
  control: false,
  rounds: randomRounds('zombie', seed, count, (random, pipeline, lowering) =>
    stoppedAtRandom(lab, random, pipeline, lowering),
  ),
})

async function stoppedAtRandom(
  lab: Lab,
  random: Random,
  pipeline: PipelineName,
  lowering: Lowering,
  without?: Job['without'],
): Promise<Report> {
  const { points, tookMs } = await lab.alone(pipeline, lowering)
  const stop = random() < 0.75 ? { point: 1 + upTo(random, points.length) } : { afterMs: random() * tookMs }
  const { evidence, stopped, trouble } = await raiseZombie(
    lab,
    lab.site(pipeline, lowering, shortLeaseMs),
    stop,
    without,
  )
  return { counted: stopped, kills: 0, trouble, verdict: await verdictOn(lab, evidence, pipeline, lowering) }
}

/** Two processes resume one thread at the same moment. */
export const doubles = (lab: Lab, seed: number, count: number): Suite => ({
  name: 'double',
  control: false,
  rounds: randomRounds(
    'double',
    seed,
    count,
    (random, pipeline, lowering) => resumedTwice(lab, random, pipeline, lowering),
    unwaiting,
  ),
})

async function resumedTwice(
  lab: Lab,
  random: Random,
  pipeline: PipelineName,
  lowering: Lowering,
  without?: Job['without'],
): Promise<Report> {
  const point = pick(random, resumablePoints(await lab.alone(pipeline, lowering)))
  const { evidence, resumed, trouble } = await resumeTwice(lab, lab.site(pipeline, lowering), point, without)
  return {
    counted: resumed,
    kills: resumed ? 1 : 0,
    trouble,
    verdict: await verdictOn(lab, evidence, pipeline, lowering),
  }
}

/**
 * Recovery that cannot read the journal. Killed before the second effect or a later one, when the end of the first is
 * recorded: else there is nothing to run again. Runs that wait are left out: without a journal they ask for ever.
 */
export const withoutJournal = (lab: Lab, seed: number, count: number): Suite => ({
  name: 'no-journal',
  control: true,
  rounds: randomRounds(
    'no-journal',
    seed,
    count,
    async (random, pipeline, lowering) => {
      const { points } = await lab.alone(pipeline, lowering)
      const effects = points.flatMap((name, at) => (name.startsWith('before the effect') ? [at + 1] : []))
      return killed(lab, pipeline, lowering, [{ point: pick(random, effects.slice(1)) }], 'journal')
    },
    unwaiting,
  ),
})

/** Two processes that nothing keeps from running one thread. */
export const withoutLease = (lab: Lab, seed: number, count: number): Suite => ({
  name: 'no-lease',
  control: true,
  rounds: randomRounds(
    'no-lease',
    seed,
    count,
    (random, pipeline, lowering) => resumedTwice(lab, random, pipeline, lowering, 'lease'),
    unwaiting,
  ),
})
