/** Regular expressions: RE2 syntax, linear time, by re2js. */
import { RE2JS } from 're2js'
import { maxPatternLength, maxPatternProgram } from '../limits.ts'
import { type Refusal, Refused, sentence } from './define.ts'

export interface Pattern {
  readonly size: number
  test(text: string): boolean
}

/** Compiles a pattern; throws `Refused` with the reason when it is none, or too large. */
export function compilePattern(source: string): Pattern {
  if (source.length > maxPatternLength) {
    throw new Refused(`a pattern has at most ${maxPatternLength} characters, this one has ${source.length}`)
  }
  const compiled = tryCompile(source)
  const size = compiled.programSize()
  if (size > maxPatternProgram) throw new Refused('the pattern repeats too much')
  return { size, test: (text) => compiled.test(text) }
}

function tryCompile(source: string): RE2JS {
  try {
    return RE2JS.compile(source)
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error)
    throw new Refused(`"${source.slice(0, 60)}" is no pattern: ${reason}`)
  }
}

/** The refusal of a bad pattern that is written out; undefined when it is good, or no constant. */
export function checkPattern(constant: unknown): Refusal | undefined {
  if (typeof constant !== 'string') return undefined
  try {
    compilePattern(constant)
    return undefined
  } catch (error) {
    return { argument: 1, code: 'bad_pattern', message: sentence((error as Error).message), name: constant }
  }
}
