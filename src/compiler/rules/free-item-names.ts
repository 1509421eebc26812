/** The name of an item means nothing else where it is read. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { itemName } from '../stage-tree.ts'
import { itemNamesAround, languageNames } from './facts/names.ts'
import type { Rule } from './rule.ts'

export const freeItemNames: Rule = ({ tree, parsed: { spanOf, keySpanOf } }, report) => {
  for (const stage of tree.all) {
    if (stage.kind?.body?.kind !== 'foreach') continue
    const name = itemName(stage)
    const why = whyTaken(name, new Set(itemNamesAround(stage.list)))
    if (!why) continue
    const span = stage.spec.as === undefined ? keySpanOf([...stage.path, 'foreach']) : spanOf([...stage.path, 'as'])
    report(diagnostics.name_taken(span, name, why, `${stage.id}_item`))
  }
}

function whyTaken(name: string, outer: ReadonlySet<string>): string | undefined {
  if (languageNames.has(name)) return 'the word has a meaning of its own'
  if (outer.has(name)) return 'a foreach around it has that name already'
  return outer.has(`${name}_index`) ? `"${name}_index" is an index already` : undefined
}
