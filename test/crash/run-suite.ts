/** Runs a suite on a number of lanes and adds up what it found. */
import { findingsOf, passes, type Report } from './report.ts'
import type { Suite } from './suites.ts'

export interface Summary {
  readonly suite: string
  readonly rounds: number
  /** Rounds in which something could be done to the run. */
  readonly counted: number
  readonly kills: number
  readonly lost: number
  readonly rerun: number
  readonly broken: number
  readonly ambiguous: number
  /** Rounds that are not as they must be, with what was found. */
  readonly wrong: readonly { readonly name: string; readonly findings: readonly string[] }[]
}

interface Done {
  readonly name: string
  readonly report: Report
}

export async function runSuite(suite: Suite, lanes: number, onDone: (done: Done) => void): Promise<Summary> {
  const done: Done[] = []
  const queue = [...suite.rounds]
  const lane = async () => {
    for (let round = queue.shift(); round; round = queue.shift()) {
      const one = { name: round.name, report: await round.run().catch(broken) }
      done.push(one)
      onDone(one)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return summarize(suite, done)
}

/** The harness itself failed, which must not pass for anything. */
function broken(error: unknown): Report {
  const trouble = [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  return { counted: true, kills: 0, trouble, verdict: { lost: [], rerun: [], broken: [], ambiguous: 0 } }
}

function summarize(suite: Suite, done: readonly Done[]): Summary {
  const sum = (of: (report: Report) => number) => done.reduce((total, { report }) => total + of(report), 0)
  const isWrong = ({ report }: Done) => (suite.control ? !isNoticed(report) : !passes(report))
  return {
    suite: suite.name,
    rounds: done.length,
    counted: done.filter(({ report }) => report.counted).length,
    kills: sum(({ kills }) => kills),
    lost: sum(({ verdict }) => verdict.lost.length),
    rerun: sum(({ verdict }) => verdict.rerun.length),
    broken: sum(({ verdict, trouble }) => verdict.broken.length + trouble.length),
    ambiguous: sum(({ verdict }) => verdict.ambiguous),
    wrong: done.filter(isWrong).map(({ name, report }) => ({ name, findings: findingsOf(report) })),
  }
}

/** What is switched off must show in the promise itself: a stage ran again although its end was recorded. */
const isNoticed = ({ counted, verdict }: Report): boolean => !counted || verdict.rerun.length > 0

export function describe(summary: Summary): string {
  const { suite, rounds, counted, kills, lost, rerun, broken, ambiguous, wrong } = summary
  const found = `${lost} lost, ${rerun} re-run, ${broken} broken, ${ambiguous} ambiguous (same key)`
  return `${suite.padEnd(11)} ${rounds} rounds, ${counted} counted, ${kills} killed: ${found}; ${wrong.length} wrong`
}
