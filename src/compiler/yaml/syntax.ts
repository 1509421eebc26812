/** The library's syntax errors in our words: one diagnostic per line, at the place that has to change. */
import { type ParsedNode, visit } from 'yaml'
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Source } from '../../foundation/source.ts'
import type { SyntaxFault } from './read.ts'

/** More than this after one syntax error is mostly its echo. */
const maxReported = 10

export function explainSyntax(
  faults: readonly SyntaxFault[],
  contents: ParsedNode | null,
  source: Source,
): Diagnostic[] {
  const found: Diagnostic[] = []
  const lines = new Set<number>()
  for (const fault of withoutEchoes(faults)) {
    const diagnostic = explain(fault, contents, source)
    if (lines.has(diagnostic.span.start.line)) continue
    lines.add(diagnostic.span.start.line)
    found.push(diagnostic)
    if (found.length >= maxReported) break
  }
  return found
}

/** After these the library has lost the thread: what it says next is about the same fault. */
const losesThread = (fault: SyntaxFault): boolean =>
  /must end with|must be sufficiently indented|Missing closing|at node end|in YAML stream/.test(fault.message)

function withoutEchoes(faults: readonly SyntaxFault[]): SyntaxFault[] {
  const tabs = faults.filter(({ code }) => code === 'TAB_AS_INDENT')
  if (tabs.length > 0) return tabs.slice(0, 1)
  const ordered = faults.toSorted((a, b) => a.start - b.start)
  const lost = ordered.findIndex(losesThread)
  return lost === -1 ? ordered : ordered.slice(0, lost + 1)
}

function explain(fault: SyntaxFault, contents: ParsedNode | null, source: Source): Diagnostic {
  const { code, message, start, end } = fault
  const at = visibleSpan(start, end, source)
  if (code === 'TAB_AS_INDENT') return diagnostics.tab_indentation(tabSpan(start, source))
  if (/Missing closing/.test(message)) return unclosedQuote(start, contents, source) ?? said(at, message)
  if (/must end with a|must be sufficiently indented/.test(message)) return unclosedBracket(fault, contents, source)
  return said(at, message)
}

function said(span: Diagnostic['span'], message: string): Diagnostic {
  const [what, hint] = friendly(message)
  return diagnostics.yaml_syntax(span, what, hint)
}

const phrases: readonly (readonly [RegExp, string, string | undefined])[] = [
  [/^Nested mappings/, 'The value holds ": ", which ends a key in YAML.', 'Put the whole value into quotes.'],
  [
    /^All mapping items must start|^Sequence item without/,
    'The line is not indented like the keys it belongs to.',
    'Indent it exactly like the key above that it belongs beside.',
  ],
  [
    /^Implicit map keys need to be/,
    'This line is neither "key: value" nor part of a text.',
    'A colon and a space follow a key.',
  ],
  [/^Implicit keys need to be on a single/, 'A key must stand on one line.', 'Check the indentation of this line.'],
  [/^Map keys must be unique/, 'A key stands twice in this map.', undefined],
  [/at node end$/, 'Something follows a value that has already ended.', 'Put the whole value into quotes.'],
  [
    /^Unexpected block-seq-ind on same line/,
    'A list does not start on the line of its key.',
    'Put the first "- " on the next line.',
  ],
  [/^Block collections are not allowed within flow/, 'Inside [ ] and { } a value with ": " needs quotes.', undefined],
  [/^Missing , (?:or : )?between/, 'A comma is missing here.', undefined],
  [
    /^Invalid escape sequence/,
    'There is no such escape in double quotes.',
    'Use single quotes, or write the backslash twice.',
  ],
  [/^Block scalar header includes extra/, 'After "|" or ">" the text starts on the next line.', undefined],
  [/call stack/i, 'The text is too deeply nested here.', undefined],
]

function friendly(message: string): [string, string | undefined] {
  for (const [pattern, what, hint] of phrases) if (pattern.test(message)) return [what, hint]
  const stop = /[.?!]$/.test(message) ? message : `${message}.`
  return [`This is not YAML: ${stop}`, undefined]
}

/** The span without blanks before it. */
function visibleSpan(start: number, end: number, source: Source) {
  let from = start
  while (source.text[from] === ' ' || source.text[from] === '\t') from++
  return source.span(from, Math.max(from + 1, end))
}

/** From the tab, to where the indentation ends. */
function tabSpan(offset: number, source: Source) {
  const { text } = source
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  const tab = text.indexOf('\t', lineStart)
  const start = tab === -1 ? offset : tab
  return source.span(start, start + 1)
}

function unclosedQuote(end: number, contents: ParsedNode | null, source: Source): Diagnostic | undefined {
  let open: number | undefined
  visit(contents, {
    Scalar(_, node) {
      const range = (node as ParsedNode).range
      if (range && range[1] === end && /^["']/.test(source.text[range[0]] ?? '')) open = range[0]
    },
  })
  if (open === undefined) return undefined
  const quote = source.text[open]
  return diagnostics.yaml_syntax(
    source.span(open, open + 1),
    `The quote ${quote} that opens here is never closed.`,
    'Close it.',
  )
}

/** The innermost bracket that is still open at the fault. */
function unclosedBracket({ start, message }: SyntaxFault, contents: ParsedNode | null, source: Source): Diagnostic {
  let open: number | undefined
  const bracket = message.endsWith(']') ? '[' : '{'
  visit(contents, {
    Collection(_, node) {
      const range = (node as ParsedNode).range
      const flow = 'flow' in node && node.flow === true && source.text[range?.[0] ?? 0] === bracket
      if (flow && range && range[0] <= start && range[1] >= start - 1) open = Math.max(open ?? 0, range[0])
    },
  })
  const at = open ?? start
  const close = bracket === '[' ? ']' : '}'
  const what = `The "${bracket}" that opens here is not closed before a line that is indented less.`
  return diagnostics.yaml_syntax(source.span(at, at + 1), what, `Close it with "${close}".`)
}
