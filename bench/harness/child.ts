/** A child process: measures one rival at one case and writes what it found to the file it is told. */
import { writeFileSync } from 'node:fs'
import { caseById } from '../workloads/index.ts'
import type { Lowering } from './contract.ts'

export interface ChildOrder {
  readonly caseId: string
  readonly rival: string
  readonly lowering: Lowering
  readonly samples: number
  readonly directory: string
  readonly answerFile: string
}

const order = JSON.parse(process.argv[2] ?? '') as ChildOrder
const { workload, one } = caseById(order.caseId)
const finding = await workload.measure(one, order.rival, order)
writeFileSync(order.answerFile, JSON.stringify(finding))
process.exit(0) // whatever a rival left running is of no interest
