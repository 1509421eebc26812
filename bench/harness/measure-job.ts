/** Measures a rival doing a job: warm-up runs, then samples, each on a file of its own. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { ChildSettings, Final, Finding, Job, Lowering, Rival, Sample } from './contract.ts'
import { digestOf } from './digest.ts'
import { metered } from './meter.ts'
import type { Witness } from './witness.ts'

export interface JobMeasurement {
  readonly rival: Rival
  readonly job: Job
  readonly witness: Witness
  /** What warms the machine code up; a smaller job where the whole one takes long. */
  readonly warmUp: { readonly job: Job; readonly times: number }
}

export async function measureJob(
  { rival, job, witness, warmUp }: JobMeasurement,
  child: ChildSettings,
): Promise<Finding> {
  for (let i = 0; i < warmUp.times; i++) await once(rival, warmUp.job, place(child, `warm-${i}`))
  const samples: Sample[] = []
  let digest = ''
  for (let i = 0; i < child.samples; i++) {
    witness.reset()
    const { sample, final } = await once(rival, job, place(child, `sample-${i}`))
    samples.push(sample)
    const found = digestOf({ ...final, '(witness)': { ...witness.statement() } })
    if (digest !== '' && digest !== found) throw new Error(`${job.name}: two runs of one rival ended differently`)
    digest = found
  }
  return { samples, digest }
}

async function once(
  rival: Rival,
  job: Job,
  where: { readonly file: string; readonly lowering: Lowering },
): Promise<{ readonly sample: Sample; readonly final: Final }> {
  const prepared = await rival.prepare(job, where)
  const { value: read, sample } = await metered(() => prepared.run())
  const final = await read()
  await prepared.close()
  return { sample: { ...sample, ...bytesOf(where.file) }, final }
}

const place = ({ directory, lowering }: ChildSettings, name: string) => ({
  file: join(directory, `${name}.db`),
  lowering,
})

/** Size of a database and what lies beside it; nothing when the rival keeps none. */
export function bytesOf(file: string): { readonly bytes?: number } {
  const size = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0
  const bytes = size(file) + size(`${file}-wal`)
  return bytes === 0 ? {} : { bytes }
}
