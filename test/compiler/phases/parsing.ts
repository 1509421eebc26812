/** What the tests of the parse phase share: the kinds, and diagnostics in short. */
import { z } from 'zod'
import { parse } from '../../../src/compiler/phases/1-parse.ts'
import type { Diagnostic } from '../../../src/foundation/diagnostic.ts'
import { createSource } from '../../../src/foundation/source.ts'
import { defineStage, type StageKinds } from '../../../src/foundation/stage-kind.ts'
import { builtinKinds } from '../../../src/stages/index.ts'

/** A kind with every sort of slot and typed options. */
const speak = defineStage({
  name: 'speak',
  docs: { summary: 'Says something.', output: 'null', example: '' },
  schema: z.strictObject({
    words: z.string(),
    when: z.boolean().optional(),
    voice: z.enum(['high', 'low']).optional(),
    volume: z.int().min(1).max(10).optional(),
    loud: z.boolean().optional(),
    tags: z.array(z.string()).optional(),
    pause: z.union([z.number(), z.strictObject({ before: z.number() })]).optional(),
  }),
  slots: {
    words: { is: 'prompt' },
    when: { is: 'expression' },
    voice: { is: 'literal', why: 'Voices are cast early.' },
  },
  run: () => null,
})

export const kinds: StageKinds = new Map([...builtinKinds, ['speak', speak]])

export const read = (text: string) => parse(createSource('p.yaml', text), kinds)

/** `code line:column` of everything that is said, in order of place. */
export const said = (text: string): string[] =>
  read(text)
    .diagnostics.toSorted((a, b) => a.span.start.offset - b.span.start.offset)
    .map(({ code, span }) => `${code} ${span.start.line}:${span.start.column}`)

/** The one diagnostic of this code. */
export function the(code: string, text: string): Diagnostic {
  const found = read(text).diagnostics.filter((each) => each.code === code)
  if (found.length !== 1) throw new Error(`${found.length} of ${code} in ${said(text).join(', ')}`)
  return found[0] as Diagnostic
}

export const fixOf = (code: string, text: string): string => the(code, text).hint?.split('\n')[0] ?? ''

/** The source text that a diagnostic points at. */
export const marked = (code: string, text: string): string => {
  const { start, end } = the(code, text).span
  return text.slice(start.offset, end.offset)
}

/** A pipeline with lines of its own at the top. */
export const top = (...lines: string[]): string =>
  ['name: p', ...lines, 'stages:', '  - id: a', '    transform: 1', ''].join('\n')

/** A pipeline whose only stage has these lines; the first stands on line 4. */
export const stage = (...lines: string[]): string =>
  ['name: p', 'stages:', '  - id: a', ...lines.map((line) => `    ${line}`), ''].join('\n')
