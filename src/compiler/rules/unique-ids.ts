/** Every id names one stage. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Rule } from './rule.ts'

export const uniqueIds: Rule = ({ tree, parsed: { spanOf } }, report) => {
  for (const stage of tree.all) {
    const { id, path } = stage
    const first = tree.find(id)
    if (!first || first === stage || id.startsWith('#')) continue
    report(diagnostics.duplicate_id(spanOf([...path, 'id']), id, spanOf([...first.path, 'id'])))
  }
}
