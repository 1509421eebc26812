/** Stages that wait have no keys that only make sense where something is done. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { StageKind } from '../../foundation/stage-kind.ts'
import type { StageList } from '../stage-tree.ts'
import { anyWaits } from './last-stages.ts'
import type { Rule } from './rule.ts'

export const plainWaits: Rule = ({ tree, declared, parsed }, report) => {
  for (const { stage, kind, child } of declared.stages) {
    if (!stage.spec.cache || !(kind.body && (stage.lists.some(holdsWait) || (child && anyWaits(child.declarations)))))
      continue
    const span = parsed.keySpanOf([...stage.path, 'cache'])
    const hint = 'A stage inside waits for somebody, who is asked every time. Put "cache" on other stages inside.'
    report(diagnostics.not_on_body(span, 'cache', `a ${kind.name} in which something waits`, hint))
  }
  for (const { kind, spec, path } of tree.all) {
    if (!kind?.waits) continue
    for (const [key, hint] of Object.entries(hintsFor(kind))) {
      const written = spec[key]
      if (written === undefined || (key === 'on_error' && written === 'fail')) continue
      report(diagnostics.not_on_a_wait(parsed.keySpanOf([...path, key]), key, kind.name, hint))
    }
  }
}

const holdsWait = ({ all }: StageList): boolean =>
  all.some(({ kind, lists, handlers }) => kind?.waits !== undefined || [...lists, ...handlers].some(holdsWait))

const hintsFor = ({ name, waits }: StageKind): Readonly<Record<string, string>> => ({
  cache: 'Remove it: an answer is asked for every time.',
  retry: 'Remove it: the stage does nothing that could be tried again.',
  once: 'Remove it: the stage does nothing that could be done twice.',
  timeout: `Say inside how long it waits: ${name}: { …, timeout: … }.`,
  ...(waits === 'gate' && { on_error: 'A gate that fails stays shut. Say inside what a rejection means: on_reject.' }),
})
