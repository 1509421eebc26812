/** What is declared is read somewhere. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Json } from '../../foundation/json.ts'
import type { StageKind } from '../../foundation/stage-kind.ts'
import { slotPlaces } from '../spec/slots.ts'
import { settersOf } from './facts/setters.ts'
import type { Facts, Rule } from './rule.ts'

export const noUnused: Rule = (facts, report) => {
  const { declared, parsed, expressions } = facts
  if (isUnread(facts)) return
  const read = (root: 'inputs' | 'vars'): ReadonlySet<string> =>
    new Set(expressions.all.flatMap(({ checked: { reads } }) => reads[root].map(({ name }) => name)))
  const whole = (root: string): boolean => expressions.all.some(({ checked: { reads } }) => reads.whole.has(root))

  const inputs = read('inputs')
  for (const [name, { path }] of whole('inputs') ? [] : declared.inputs) {
    if (!inputs.has(name)) report(diagnostics.unused_input(parsed.keySpanOf(path), name))
  }
  const vars = read('vars')
  const setters = settersOf(declared.tree.root)
  for (const [name, { path }] of whole('vars') ? [] : declared.vars) {
    if (!vars.has(name)) report(diagnostics.unused_variable(parsed.keySpanOf(path), name, setters.has(name)))
  }
}

/** While a stage, a prompt file or an expression cannot be made sense of, nobody knows what it would have read. */
const isUnread = ({ expressions, declared, tree }: Facts): boolean =>
  declared.stages.length < tree.all.length ||
  declared.stages.some(({ kind, config, prompts }) => countPrompts(kind, config) > prompts.length) ||
  expressions.unread.length > 0 ||
  expressions.all.some(({ checked }) => checked.faults.some(({ code }) => code === 'expression_syntax'))

const countPrompts = (kind: StageKind, config: Json): number =>
  slotPlaces(kind, config).filter(({ slot }) => slot.is === 'prompt').length
