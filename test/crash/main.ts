/**
 * `npm run crash [-- --seed n --suite points --pipeline branches --lowering flow --point 17 --round 3]`: the whole of it,
 * or what the arguments choose (`--every 3`: each third round). Prints a line per suite; exits with 1 when a round is not
 * as it must be.
 */
import { parseArgs } from 'node:util'
import { createLab, type Lab } from './lab.ts'
import { findingsOf, passes } from './report.ts'
import { describe, runSuite, type Summary } from './run-suite.ts'
import * as suites from './suites.ts'
import { type Suite, type SuiteName, suiteNames } from './suites.ts'

/** Rounds of each suite but `points`, which has one per point. */
const counts = { random: 120, zombie: 200, double: 200, 'no-journal': 30, 'no-lease': 30 } as const

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    suite: { type: 'string' },
    pipeline: { type: 'string' },
    lowering: { type: 'string' },
    point: { type: 'string' },
    round: { type: 'string' },
    every: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '2' },
  },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 20))
const lanes = Number(values.lanes)

const makers: Readonly<Record<SuiteName, (lab: Lab) => Suite | Promise<Suite>>> = {
  points: suites.everyPoint,
  random: (lab) => suites.atRandom(lab, seed, counts.random),
  zombie: (lab) => suites.zombies(lab, seed, counts.zombie),
  double: (lab) => suites.doubles(lab, seed, counts.double),
  'no-journal': (lab) => suites.withoutJournal(lab, seed, counts['no-journal']),
  'no-lease': (lab) => suites.withoutLease(lab, seed, counts['no-lease']),
}

/** A point alone means the suite of points. */
const chosen = values.suite ?? (values.point === undefined ? undefined : 'points')
const names = suiteNames.filter((name) => chosen === undefined || name === chosen)
if (names.length === 0) throw new Error(`There is no suite "${chosen}", but: ${suiteNames.join(', ')}`)

console.log(`crash: seed ${seed}, ${lanes} lanes`)
const startedMs = performance.now()
const lab = createLab(lanes)
const summaries: Summary[] = []
try {
  for (const name of names) summaries.push(await runChosen(await makers[name](lab)))
} finally {
  await lab.close()
}
const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1)
const wrong = summaries.reduce((sum, each) => sum + each.wrong.length, 0)
const kills = summaries.reduce((sum, each) => sum + each.kills, 0)
console.log(`crash: ${kills} processes killed in ${minutes} minutes, ${wrong} rounds wrong, seed ${seed}`)
process.exitCode = wrong === 0 ? 0 : 1

async function runChosen(suite: Suite): Promise<Summary> {
  const rounds = suite.rounds.filter(({ name }, at) => isChosen(name, at + 1) && at % Number(values.every) === 0)
  const wanted = { ...suite, rounds }
  let done = 0
  const summary = await runSuite(wanted, lanes, ({ name, report }) => {
    done++
    if (!suite.control && !passes(report)) tell(name, findingsOf(report))
    if (done % 50 === 0) console.log(`  ${suite.name}: ${done} of ${rounds.length}`)
  })
  console.log(describe(summary))
  if (suite.control) for (const { name, findings } of summary.wrong) tell(name, findings)
  return summary
}

function tell(name: string, findings: readonly string[]): void {
  console.log(`  wrong: npm run crash -- ${name}\n    ${findings.join('\n    ')}`)
}

function isChosen(name: string, round: number): boolean {
  const words = `${name} `
  const has = (option: 'pipeline' | 'lowering' | 'point') =>
    values[option] === undefined || words.includes(`--${option} ${values[option]} `)
  return (
    has('pipeline') && has('lowering') && has('point') && (values.round === undefined || Number(values.round) === round)
  )
}
