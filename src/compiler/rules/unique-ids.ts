/** Every id names one stage. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Rule } from './rule.ts'

export const uniqueIds: Rule = ({ stages, parsed: { spanOf } }, report) => {
  for (const { id, index } of stages.all) {
    const first = stages.indexOf(id)
    if (first === undefined || first === index || id.startsWith('#')) continue
    report(diagnostics.duplicate_id(spanOf(['stages', index, 'id']), id, spanOf(['stages', first, 'id'])))
  }
}
