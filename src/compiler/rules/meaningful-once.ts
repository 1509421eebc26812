/** `once:` stands where running again could do something twice. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Rule } from './rule.ts'

export const meaningfulOnce: Rule = ({ declared, stages, parsed }, report) => {
  for (const { index, id, kind } of declared.stages) {
    if (!kind.pure || kind.waits || !stages.all[index]?.spec.once) continue
    report(diagnostics.needless_once(parsed.keySpanOf(['stages', index, 'once']), id, kind.name))
  }
}
