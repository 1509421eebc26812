/**
 * A diagnostic: what the compiler says about source. A value, never thrown.
 *
 * The wording of every diagnostic stands in the catalogue (`diagnostics/`), one function per code.
 */
import type { Source, Span } from './source.ts'

export type Severity = 'error' | 'warning'

export interface Diagnostic {
  /** A stable word such as `unknown_stage`. */
  readonly code: string
  readonly severity: Severity
  readonly message: string
  readonly span: Span
  /** What to do about it, as a sentence. */
  readonly hint?: string
  /** Other places that explain it. */
  readonly related?: readonly { readonly message: string; readonly span: Span }[]
}

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some(({ severity }) => severity === 'error')

/** By file, then by place; errors before warnings at one place. Stable. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.toSorted(
    (a, b) =>
      a.span.file.localeCompare(b.span.file) ||
      a.span.start.offset - b.span.start.offset ||
      a.severity.localeCompare(b.severity),
  )
}

/**
 * The way people read it:
 *
 *     report.yaml:31:14 error unknown_stage
 *       There is no stage "rewiew" upstream of "publish".
 *       31 │     if: stages.rewiew.output.score > 7
 *          │                ^^^^^^
 *       Did you mean "review"?
 */
export function formatDiagnostic(diagnostic: Diagnostic, sources: ReadonlyMap<string, Source>): string {
  const { span, severity, code, message, hint, related } = diagnostic
  const lines = [`${place(span)} ${severity} ${code}`, ...indent(message)]
  lines.push(...frame(span, sources.get(span.file)))
  if (hint) lines.push(...indent(hint))
  for (const other of related ?? []) {
    lines.push(`  ${place(other.span)} ${other.message}`, ...frame(other.span, sources.get(other.span.file)))
  }
  return lines.join('\n')
}

export const place = (span: Span): string => `${span.file}:${span.start.line}:${span.start.column}`

const indent = (text: string): string[] => text.split('\n').map((line) => `  ${line}`)

/** How many columns of a source line a frame shows; longer lines are cut around the caret. */
const frameWidth = 100

function frame(span: Span, source: Source | undefined): string[] {
  if (!source) return []
  const { line, column } = span.start
  const full = source.line(line).replaceAll('\t', ' ')
  const from = column > frameWidth - 20 ? column - 40 : 0
  const shown = `${from > 0 ? '…' : ''}${full.slice(from, from + frameWidth)}${full.length > from + frameWidth ? '…' : ''}`
  const caretAt = column - 1 - from + (from > 0 ? 1 : 0)
  const last = span.end.line === line ? span.end.column : full.length + 1
  const width = Math.max(1, Math.min(last - column, frameWidth - caretAt))
  const gutter = String(line)
  return [`  ${gutter} │ ${shown}`, `  ${' '.repeat(gutter.length)} │ ${' '.repeat(caretAt)}${'^'.repeat(width)}`]
}
