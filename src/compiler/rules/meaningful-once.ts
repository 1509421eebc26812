/** `once:` stands where running again could do something twice. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Rule } from './rule.ts'

export const meaningfulOnce: Rule = ({ declared, parsed }, report) => {
  for (const { stage, id, kind } of declared.stages) {
    if (!kind.pure || kind.waits || !stage.spec.once) continue
    report(diagnostics.needless_once(parsed.keySpanOf([...stage.path, 'once']), id, kind.name))
  }
}
