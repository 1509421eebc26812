/** No stage inside a foreach sets a variable that keeps its last value: items have no last one. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { around } from '../stage-tree.ts'
import { variablesSetBy } from './facts/setters.ts'
import type { Rule } from './rule.ts'

export const noLastOfItems: Rule = ({ tree, declared, parsed: { keySpanOf } }, report) => {
  for (const stage of tree.all) {
    const foreach = around(stage.list, 'foreach')
    if (!foreach) continue
    for (const name of variablesSetBy(stage)) {
      if (declared.vars.get(name)?.merge !== 'last') continue
      report(diagnostics.set_in_foreach(keySpanOf([...stage.path, 'set', name]), name, stage.id, foreach.id))
    }
  }
}
