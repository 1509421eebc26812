/** What a resume would do, as lines: what `resume --dry-run` prints. */
import type { PlannedStage, RecoveryReason } from '../execution/recovery-plan.ts'
import { tableLines } from './render/table.ts'

export function recoveryLines(stages: readonly PlannedStage[], width: number): string[] {
  const rows = stages.map((stage) => [stage.stage, words[stage.does], String(stage.attempts), reasonOf(stage)])
  return tableLines(['STAGE', 'ON RESUME', 'TRIES', 'BECAUSE'], rows, width)
}

const words: Readonly<Record<PlannedStage['does'], string>> = { reused: 'is kept', runs: 'runs', waits: 'waits' }

const reasons: Readonly<Record<RecoveryReason, string>> = {
  recorded: 'its end is recorded',
  not_started: 'it has not begun',
  interrupted: 'a pause stopped it',
  unknown_end: 'the process died while it ran',
  retry: 'it failed, and is tried again',
  waiting: 'it waits for an answer',
  answered: 'it has its answer',
}

function reasonOf({ because, status, next_at, wait, ambiguous, does }: PlannedStage): string {
  const more = [
    status === undefined ? '' : `: ${status}`,
    next_at === undefined ? '' : ` at ${next_at}`,
    wait === undefined ? '' : ` (${wait})`,
  ].join('')
  if (!ambiguous) return `${reasons[because]}${more}`
  const then = does === 'waits' ? 'someone has to say how it ended' : 'it may have had its effect; the same key is used'
  return `${reasons[because]}${more}; ${then}`
}
