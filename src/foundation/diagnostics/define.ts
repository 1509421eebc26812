/**
 * One entry of the catalogue: the only place where a code gets its words.
 *
 *   unknown_stage: define({
 *     severity: 'error',
 *     summary: 'A name in `needs:` or `stages.<id>` is no stage here.',
 *     explanation: '…a paragraph for the documentation page…',
 *     wrong: '…a small whole pipeline that has the fault…',
 *     right: '…the same, mended…',
 *     say: (name: string, near: string | undefined) => ({ message: `…`, hint: near && `Did you mean "${near}"?` }),
 *   })
 *
 * `diagnostics.unknown_stage(span, 'rewiew', 'review')` then makes the diagnostic.
 */
import type { Diagnostic, Severity } from '../diagnostic.ts'
import type { Span } from '../source.ts'

export interface Said {
  readonly message: string
  readonly hint?: string | undefined
  readonly related?: Diagnostic['related'] | undefined
}

export interface Entry<Args extends readonly unknown[] = readonly never[]> {
  readonly severity: Severity
  /** One sentence: what is wrong. */
  readonly summary: string
  /** One paragraph for the documentation page: why it is refused, and what to do. */
  readonly explanation: string
  /** A small whole pipeline that has the fault, and the same one mended. */
  readonly wrong: string
  readonly right: string
  readonly say: (...args: Args) => Said
}

export const define = <Args extends readonly unknown[]>(entry: Entry<Args>): Entry<Args> => entry

type Makers<C> = {
  readonly [Code in keyof C]: C[Code] extends Entry<infer Args> ? (span: Span, ...args: Args) => Diagnostic : never
}

/** Turns entries into makers of diagnostics: `makers(catalogue).unknown_stage(span, …)`. */
export function makers<C extends Record<string, { severity: Severity; say: (...args: never[]) => Said }>>(
  catalogue: C,
): Makers<C> {
  const made = Object.entries(catalogue).map(([code, entry]) => [
    code,
    (span: Span, ...args: never[]): Diagnostic => {
      const { message, hint, related } = entry.say(...args)
      return { code, severity: entry.severity, message, span, ...(hint && { hint }), ...(related && { related }) }
    },
  ])
  return Object.fromEntries(made) as Makers<C>
}
