/**
 * Text → YAML nodes, with every limit checked on the way.
 *
 * The lexer is linear and does not recurse. Its tokens pass the gate one by one before the parser sees them, so the part
 * that does recurse (composing) never meets a text that nests too deeply or holds too much. Scalars stay text here
 * (`failsafe`): what is a number is decided in `scalar.ts`, where the written form is still at hand.
 */
import { Composer, type Document, Lexer, type ParsedNode, Parser } from 'yaml'

export const limits = {
  bytes: 4 * 1024 * 1024,
  nodes: 400_000,
  nesting: 100,
  /** Aliases written in the text. */
  aliases: 50_000,
  /** Values that aliases inside of what aliases stand for bring in. */
  nestedAliasValues: 10_000,
  /** Faults that are reported at most, so that a hostile text cannot drown its reader. */
  faults: 1_000,
} as const

export type GateCode = 'too_many_nodes' | 'nested_too_deep' | 'too_many_aliases'

/** A syntax error as the library tells it. */
export interface SyntaxFault {
  readonly code: string
  readonly message: string
  readonly start: number
  readonly end: number
}

export interface ReadYaml {
  /** The root; null when the text holds nothing. */
  readonly contents: ParsedNode | null
  readonly faults: readonly SyntaxFault[]
  /** Where a second document starts. */
  readonly secondDocument: number | undefined
}

export interface Gated {
  readonly gate: { readonly code: GateCode; readonly offset: number }
}

const composerOptions = {
  version: '1.2',
  schema: 'failsafe',
  stringKeys: true,
  uniqueKeys: false, // quadratic in the library; `tree.ts` checks it
  resolveKnownTags: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const

/** What the library reports and `tree.ts` reports better. */
const ours: ReadonlySet<string> = new Set(['NON_STRING_KEY', 'TAG_RESOLVE_FAILED'])

/** Never throws because of the text. */
export const readYaml = (text: string): ReadYaml | Gated => withoutStackTraces(() => composeYaml(text))

/** The library makes an error per fault; without their stack traces a text full of faults is read five times as fast. */
function withoutStackTraces<T>(work: () => T): T {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return work()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function composeYaml(text: string): ReadYaml | Gated {
  const parser = new Parser()
  const composer = new Composer(composerOptions)
  const gate = createGate(parser)
  const extra: SyntaxFault[] = []
  let documents = 0
  let lost = 0
  let secondDocument: number | undefined

  const take = (tokens: ReturnType<Parser['next']>) => {
    for (const token of tokens) {
      if (token.type === 'error') lost++
      if (token.type === 'directive') extra.push(directiveFault(token.offset, token.source))
      else if (token.type === 'document' && ++documents > 1) secondDocument ??= token.offset
      else if (documents <= 1) for (const _ of composer.next(token)) break
    }
  }
  for (const lexeme of new Lexer().lex(text)) {
    take(parser.next(lexeme))
    const code = gate(lexeme)
    if (code) return { gate: { code, offset: Math.max(0, parser.offset - lexeme.length) } }
    if (lost > limits.faults) break
  }
  take(parser.end())
  let document: Document.Parsed | undefined
  for (const each of composer.end(true, text.length)) document ??= each as Document.Parsed
  const faults = (document?.errors ?? [])
    .filter(({ code }) => !ours.has(code))
    .map(({ code, message, pos: [start, end] }) => ({ code, message, start, end }))
  return { contents: document?.contents ?? null, faults: [...extra, ...faults], secondDocument }
}

const directiveFault = (offset: number, source: string): SyntaxFault => ({
  code: 'DIRECTIVE',
  message: 'A pipeline has no YAML directives such as "%YAML"; remove the line.',
  start: offset,
  end: offset + source.length,
})

const scalarMark = '\x1f'

/**
 * Counts tokens: every value is introduced by one of `- : ? , [ {`, a pair by one `:` for key and value; anchors and tags
 * count as well. Depth is the parser's own stack without the document and the root map.
 */
function createGate(parser: Parser): (lexeme: string) => GateCode | undefined {
  let nodes = 0
  let aliases = 0
  let inScalar = false
  return (lexeme) => {
    const isText = inScalar
    inScalar = lexeme === scalarMark
    if (isText || inScalar) return undefined
    switch (lexeme.charCodeAt(0)) {
      case 0x3a: // :
        nodes += 2
        break
      case 0x2d: // -
      case 0x3f: // ?
      case 0x2c: // ,
      case 0x5b: // [
      case 0x7b: // {
      case 0x26: // &
      case 0x21: // !
        nodes++
        break
      case 0x2a: // *
        if (++aliases > limits.aliases) return 'too_many_aliases'
    }
    if (nodes > limits.nodes) return 'too_many_nodes'
    const { stack } = parser
    if (stack.length <= limits.nesting + 2) return undefined
    return 'items' in (stack.at(-1) as object) ? 'nested_too_deep' : undefined
  }
}
