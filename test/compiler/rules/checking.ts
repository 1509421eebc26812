/** What the tests of the rules share: a whole compile with the built-in kinds, and diagnostics in short. */
import { z } from 'zod'
import { compilePipeline } from '../../../src/compiler/compile.ts'
import type { Diagnostic } from '../../../src/foundation/diagnostic.ts'
import { defineFunction, defineStage, type RegisteredFunction } from '../../../src/foundation/stage-kind.ts'
import { builtinFunctions, builtinKinds } from '../../../src/stages/index.ts'

/** A kind whose bare expression may be anything, and one that is a condition. */
const pick = defineStage({
  name: 'pick',
  docs: { summary: 'Picks.', output: 'null', example: '' },
  schema: z.strictObject({ by: z.unknown(), when: z.boolean() }).partial(),
  slots: { by: { is: 'expression' }, when: { is: 'expression' } },
  run: () => null,
})

/** A function that says what it takes and gives, and which field may hold a secret. */
const send = defineFunction({
  input: z.strictObject({ to: z.string(), tags: z.array(z.string()).optional(), key: z.string().optional() }),
  output: z.object({ id: z.string() }),
  secrets: ['key'],
  run: () => ({ id: 'x' }),
}) as RegisteredFunction

export const compileText = (text: string, options: { strict?: boolean; path?: string } = {}) =>
  compilePipeline(text, {
    name: 'p.yaml',
    kinds: new Map([...builtinKinds, ['pick', pick]]),
    functions: new Map([...builtinFunctions, ['test/send', send]]),
    models: new Set(),
    ...options,
  })

const unused = (code: string): boolean => code.startsWith('unused_')

/** Everything that is said but "unused", which only their own tests look at. */
export const diagnosticsOf = (text: string, options = {}): Diagnostic[] =>
  compileText(text, options).diagnostics.filter(({ code }) => !unused(code))

/** `code line:column message`. */
export const said = (text: string, options = {}): string[] => diagnosticsOf(text, options).map(inShort)

export const saidUnused = (text: string): string[] =>
  compileText(text)
    .diagnostics.filter(({ code }) => unused(code))
    .map(inShort)

const inShort = ({ code, span, message }: Diagnostic): string =>
  `${code} ${span.start.line}:${span.start.column} ${message}`

/** `code line:column` without the words. */
export const places = (text: string, options = {}): string[] =>
  said(text, options).map((line) => line.split(' ').slice(0, 2).join(' '))

/** The one thing that is said. */
export function only(text: string, options = {}): Diagnostic {
  const found = diagnosticsOf(text, options)
  const [first] = found
  if (!first || found.length > 1) throw new Error(`${found.length} diagnostics: ${found.map(inShort).join('\n')}`)
  return first
}

/** Stages one below the other; the first line of the first stage is line `top.length + 3`. */
export const pipeline = (stages: readonly string[], ...top: readonly string[]): string =>
  ['name: p', ...top, 'stages:', ...stages.map(asItem), ''].join('\n')

const asItem = (stage: string): string =>
  stage
    .split('\n')
    .map((line, at) => (at === 0 ? `  - ${line}` : `    ${line}`))
    .join('\n')
