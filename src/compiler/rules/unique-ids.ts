/** Every id names one stage. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Rule } from './rule.ts'

export const uniqueIds: Rule = ({ tree, parsed: { spanOf } }, report) => {
  for (const stage of tree.all) {
    const { id, path, list } = stage
    if (list.role === 'rollback') continue // it has the id of the stage that it takes back
    const first = tree.find(id)
    if (!first || first === stage || id.startsWith('#')) continue
    report(diagnostics.duplicate_id(spanOf([...path, 'id']), id, spanOf([...first.path, 'id'])))
  }
}
