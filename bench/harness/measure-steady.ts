/**
 * Measures a rival doing a short job over and over, as a service does: warm machine code, a file that is in use.
 *
 * A sample is as many whole runs as `sampleMs` takes, at least one, and its figures are those of one run. Nothing is
 * collected before it: what a collection finds no instance of, V8 forgets the machine code for, and a whole sample goes
 * by until it is back. What a process pays once, the workloads `import` and `cold start` show.
 */
import { join } from 'node:path'
import type { ChildSettings, Final, Finding, Job, Prepared, Rival, Sample } from './contract.ts'
import { digestOf } from './digest.ts'
import { bytesOf } from './measure-job.ts'
import { clocked } from './meter.ts'
import type { Witness } from './witness.ts'

/** Milliseconds. */
const warmUpMs = 4_000
/** Milliseconds. */
const sampleMs = 600

export interface SteadyMeasurement {
  readonly rival: Rival
  readonly job: Job
  readonly witness: Witness
  /** What warms the machine code up first: a smaller job. The job itself comes after it, where that is a matter of seconds. */
  readonly warmUp: Job
}

export async function measureSteady(
  { rival, job, witness, warmUp }: SteadyMeasurement,
  { samples: count, directory, lowering }: ChildSettings,
): Promise<Finding> {
  const prepare = (of: Job, name: string) => rival.prepare(of, { file: join(directory, `${name}.db`), lowering })
  const { runs } = await warmed(await prepare(warmUp, 'warm'), witness)
  const expectedMs = (warmUpMs / runs) * (job.steps.length / warmUp.steps.length)
  if (job !== warmUp && expectedMs < warmUpMs) await warmed(await prepare(job, 'warm-job'), witness)

  const samples: Sample[] = []
  const digests = new Set<string>()
  for (let i = 0; i < count; i++) {
    const prepared = await prepare(job, `sample-${i}`)
    const { value, sample } = await clocked(() => runsFor(sampleMs, prepared, witness))
    digests.add(digestOf({ ...(await value.read()), '(witness)': { ...witness.statement() } }))
    await prepared.close()
    samples.push(ofOneRun({ ...sample, ...bytesOf(join(directory, `sample-${i}.db`)) }, value.runs))
  }
  const [digest = '', ...others] = digests
  if (others.length > 0) throw new Error(`${job.name}: two runs of one rival ended differently`)
  return { samples, digest }
}

async function warmed(prepared: Prepared, witness: Witness): Promise<Runs> {
  const runs = await runsFor(warmUpMs, prepared, witness)
  await prepared.close()
  return runs
}

interface Runs {
  readonly runs: number
  /** Of the last run, which the witness saw. */
  read(): Final | Promise<Final>
}

async function runsFor(leastMs: number, prepared: Prepared, witness: Witness): Promise<Runs> {
  const until = performance.now() + leastMs
  for (let runs = 1; ; runs++) {
    witness.reset()
    const read = await prepared.run()
    if (performance.now() >= until) return { runs, read }
  }
}

function ofOneRun({ cpuUs, wallUs, bytes }: Sample, runs: number): Sample {
  return { cpuUs: cpuUs / runs, wallUs: wallUs / runs, ...(bytes !== undefined && { bytes: bytes / runs }) }
}
