/** What a resume would do, as lines: what `resume --dry-run` prints. */
import type { PlannedStage } from '../execution/recovery-plan.ts'
import { tableLines } from './render/table.ts'

export function recoveryLines(stages: readonly PlannedStage[], width: number): string[] {
  const rows = stages.map((stage) => [stage.stage, words[stage.does], String(stage.attempts), reasonOf(stage)])
  return tableLines(['STAGE', 'ON RESUME', 'TRIES', 'BECAUSE'], rows, width)
}

const words: Readonly<Record<PlannedStage['does'], string>> = {
  reused: 'is kept',
  runs: 'runs',
  waits: 'waits',
  removed: 'is gone',
}

const reasons: Readonly<Record<PlannedStage['because'], string>> = {
  recorded: 'its end is recorded',
  not_started: 'it has not begun',
  interrupted: 'a pause stopped it',
  unknown_end: 'the process died while it ran',
  retry: 'it failed, and is tried again',
  waiting: 'it waits for an answer',
  answered: 'it has its answer',
  added: 'it is new',
  changed: 'it was edited',
  reads: 'what it reads was edited',
  order: 'other stages come before it than did',
  ended_badly: 'it did not come to a good end',
  inside: 'something inside of it runs again',
  follows: 'it waits for a stage that runs again',
  removed: 'the pipeline does not have it any more',
}

function reasonOf({ because, of, status, next_at, wait, cancels, ambiguous, does }: PlannedStage): string {
  const more = [
    of === undefined || of.length === 0 ? '' : `: ${of.join(', ')}`,
    status === undefined ? '' : `: ${status}`,
    next_at === undefined ? '' : ` at ${next_at}`,
    wait === undefined ? '' : ` (${wait})`,
    cancels === undefined ? '' : `; its question is withdrawn (${cancels.join(', ')})`,
  ].join('')
  if (!ambiguous) return `${reasons[because]}${more}`
  const then =
    does === 'waits'
      ? 'someone has to say how it ended'
      : of === undefined
        ? 'it may have had its effect; the same key is used'
        : 'it may have had its effect; another key is used'
  return `${reasons[because]}${more}; ${then}`
}
