/** The workloads, in the order in which they are measured: first what issue 3 sets targets for. */
import type { Case, Workload } from '../harness/contract.ts'
import { carriedMegabyte } from './carried-megabyte.ts'
import { chains } from './chain.ts'
import { coldStart } from './cold-start.ts'
import { compile } from './compile.ts'
import { diamonds } from './diamonds.ts'
import { fanOut } from './fan-out.ts'
import { growingList } from './growing-list.ts'
import { imports } from './import.ts'
import { largeOutputs } from './large-outputs.ts'
import { resume } from './resume.ts'
import { runs } from './runs.ts'
import { throughput } from './throughput.ts'

export const workloads: readonly Workload[] = [
  chains,
  diamonds,
  largeOutputs,
  growingList,
  carriedMegabyte,
  fanOut,
  resume,
  throughput,
  runs,
  compile,
  imports,
  coldStart,
]

export function caseById(id: string): { readonly workload: Workload; readonly one: Case } {
  for (const workload of workloads) {
    const one = workload.cases.find((each) => each.id === id)
    if (one) return { workload, one }
  }
  throw new Error(`There is no case "${id}".`)
}
