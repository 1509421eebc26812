/**
 * Text → syntax tree, by cel-js; its errors in our words. The only file that calls cel-js's parser.
 */
import { type ASTNode, Environment, type ParseError } from '@marcbachmann/cel-js'
import { maxArguments, maxAstNodes, maxDepth, maxLiteralItems, maxSourceLength } from './limits.ts'
import type { ExpressionFault } from './types.ts'

export type { ASTNode }
/** A node of one operator, with its arguments typed. */
export type NodeOf<Op extends ASTNode['op']> = Extract<ASTNode, { readonly op: Op }>

export type Parsed = { readonly ast: ASTNode } | { readonly fault: ExpressionFault }
export type Parse = (source: string) => Parsed

/** A parser of its own: cel-js's keeps state while it parses. Never throws. */
export function createParser(): Parse {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits: {
      maxAstNodes,
      maxDepth,
      maxListElements: maxLiteralItems,
      maxMapEntries: maxLiteralItems,
      maxCallArguments: maxArguments,
    },
  })

  return (source) => {
    if (source.length > maxSourceLength) {
      const message = `An expression has at most ${maxSourceLength} characters, this one has ${source.length}.`
      return { fault: { code: 'expression_limit', start: 0, end: 0, message } }
    }
    try {
      return { ast: environment.parse(source).ast }
    } catch (error) {
      return { fault: toFault(error, source) }
    }
  }
}

function toFault(error: unknown, source: string): ExpressionFault {
  if (error instanceof RangeError) return limitFault(0, source.length, 'The expression nests too deep.')
  const { code, summary, range } = error as ParseError
  const start = Math.min(range?.start ?? 0, source.length)
  const end = Math.max(start, range?.end ?? start)
  if (code === 'limit_exceeded') return limitFault(start, end, limitMessage(summary))
  const hint = hintFor(source, start, end)
  const message = syntaxMessage(code, summary, source, start, end)
  return { code: 'expression_syntax', start, end, message, ...(hint && { hint }) }
}

const limitFault = (start: number, end: number, message: string): ExpressionFault => ({
  code: 'expression_limit',
  start,
  end,
  message,
})

const limitNames: Readonly<Record<string, string>> = {
  maxAstNodes: `An expression has at most ${maxAstNodes} operators, names and values.`,
  maxDepth: `An expression nests at most ${maxDepth} deep.`,
  maxListElements: `A list that is written out has at most ${maxLiteralItems} items.`,
  maxMapEntries: `A map that is written out has at most ${maxLiteralItems} entries.`,
  maxCallArguments: `A call has at most ${maxArguments} arguments.`,
}

const limitMessage = (summary: string): string =>
  Object.entries(limitNames).find(([key]) => summary.includes(key))?.[1] ?? summary

const tokenSigns: Readonly<Record<string, string>> = {
  RPAREN: '")"',
  RBRACKET: '"]"',
  RBRACE: '"}"',
  COLON: '":"',
  COMMA: '","',
  IDENTIFIER: 'a name',
}

function syntaxMessage(code: string, summary: string, source: string, start: number, end: number): string {
  const found = start >= source.length ? 'the end' : `"${source.slice(start, Math.max(end, start + 1))}"`
  switch (code) {
    case 'expected_token': {
      const wanted = /Expected (\w+)/.exec(summary)?.[1] ?? ''
      return `Expected ${tokenSigns[wanted] ?? wanted.toLowerCase()}, found ${found}.`
    }
    case 'unexpected_token':
      return start >= source.length ? 'The expression ends where a value should follow.' : `${found} cannot stand here.`
    case 'unexpected_character':
      return `${found} cannot stand here.`
    case 'reserved_identifier':
      return `${found} is a word that CEL keeps for itself, so it cannot be a name.`
    case 'invalid_macro_argument':
      return `The first argument of this function names the item, so it must be a plain name, not ${found}.`
    case 'unterminated_string':
    case 'unterminated_triple_quoted_string':
      return 'This text has no closing quote.'
    default:
      return `${summary}.`
  }
}

function hintFor(source: string, start: number, end: number): string | undefined {
  const found = source.slice(start, Math.max(end, start + 1))
  const word = /^(in|true|false|null)$/.exec(found)?.[1]
  if (word && /\.\s*$/.test(source.slice(0, start))) return `Write ['${word}'] to read a field of that name.`
  if (found === '=') return 'Write == to compare.'
  if (found === '&') return 'Write && for "and".'
  if (found === '|') return 'Write || for "or".'
  if (found === ';') return 'An expression is one value; statements do not exist.'
  if (found === '`') return "Write x['a-b'] to read a field whose name is no plain word."
  if (/^(and|or|not)$/.test(found)) return 'CEL writes && for "and", || for "or" and ! for "not".'
  return undefined
}
