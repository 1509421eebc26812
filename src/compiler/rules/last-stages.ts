/** Stages of handlers, of `rollback` and of `finally` come to their end by themselves, and leave nothing behind. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Span } from '../../foundation/source.ts'
import type { Declarations, StageDeclaration } from '../declarations.ts'
import { handlersOf, type ListRole, listsAround } from '../stage-tree.ts'
import type { Rule } from './rule.ts'

const places: Partial<Record<ListRole, string>> = {
  handler: 'of a handler',
  on_error: 'of a handler',
  finally: 'of "finally"',
  rollback: 'in a "rollback"',
}

export const lastStages: Rule = ({ declared, parsed: { keySpanOf } }, report) => {
  for (const declaration of declared.stages) {
    const { stage, id, kind } = declaration
    const roles = [...listsAround(stage.list)].map(({ role }) => role)
    const where = roles.map((role) => places[role]).find((place) => place !== undefined)
    if (where === undefined) continue
    const refuse = (key: string, hint: string, span: Span = keySpanOf([...stage.path, key])) =>
      report(diagnostics.not_in_handler(span, key, where, hint))
    if (stage.spec.set) refuse('set', 'Read its output instead; variables are set by stages of the pipeline.')
    if (stage.spec.checkpoint) refuse('checkpoint', 'Put it on a stage of the pipeline.')
    const last = roles.findLast((role) => role === 'finally' || role === 'on_error' || role === 'rollback')
    if (!last) continue
    if (saysRollback(stage)) {
      refuse('on_error: rollback', 'What fails here takes nothing back.', keySpanOf([...stage.path, 'on_error']))
    }
    if (!waits(declaration)) continue
    const place = last === 'on_error' ? 'of a handler of the pipeline' : (places[last] ?? '')
    report(diagnostics.waits_too_late(keySpanOf([...stage.path, kind.name]), id, kind.name, place))
  }
}

/** It waits, or is a pipeline with a stage that does. */
const waits = ({ kind, child }: StageDeclaration): boolean =>
  kind.waits !== undefined || (child !== undefined && anyWaits(child.declarations))

export const anyWaits = ({ stages }: Declarations): boolean => stages.some(waits)

/** `on_error`, or the `do` of one of its handlers. */
export const saysRollback = ({ spec: { on_error } }: { readonly spec: { readonly on_error?: unknown } }): boolean =>
  on_error === 'rollback' || handlersOf(on_error).some((handler) => handler.do === 'rollback')
