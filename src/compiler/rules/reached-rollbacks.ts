/** What says how it is taken back is taken back when something fails that says so. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { ChildDeclaration } from '../declarations.ts'
import { listsAround } from '../stage-tree.ts'
import { saysRollback } from './last-stages.ts'
import type { Rule } from './rule.ts'

/** Something in it, or in a pipeline inside it, says that the run is to be taken back. */
function asksRollback({ parsed: { spec }, declarations }: Pick<ChildDeclaration, 'parsed' | 'declarations'>): boolean {
  const { tree, stages } = declarations
  return (
    saysRollback({ spec }) ||
    tree.all.some(saysRollback) ||
    stages.some(({ child }) => child !== undefined && asksRollback(child))
  )
}

/** A pipeline that may be a stage of another is taken back by that one's `on_error`, which nobody knows here. */
export const reachedRollbacks: Rule = ({ tree, declared, parsed, context }, report) => {
  const { keySpanOf } = parsed
  const wanted = asksRollback({ parsed, declarations: declared })
  for (const { undo, id, path, list } of tree.all) {
    if (!undo) continue
    const aside = [...listsAround(list)].find(({ role }) => role !== 'stages' && role !== 'body')
    if (wanted ? !aside : context.isChild && !aside) continue
    const hint = aside
      ? 'Stages of handlers and of "finally" are never taken back.'
      : 'Add "on_error: rollback" to the pipeline, or to a stage that may fail.'
    report(diagnostics.unreached_rollback(keySpanOf([...path, 'rollback']), id, hint))
  }
}
