/** Check: an ordered list of rules over a parsed pipeline. The second phase of the compiler. */
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import type { CompileContext } from '../context.ts'
import type { Declarations } from '../declarations.ts'
import type { ParsedPipeline } from '../parsed.ts'

export function check(
  _parsed: ParsedPipeline,
  _declared: Declarations,
  _context: CompileContext,
): readonly Diagnostic[] {
  return []
}
