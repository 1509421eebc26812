import { describe, expect, it } from 'vitest'
import { type Diagnostic, formatDiagnostic, sortDiagnostics } from '../../src/foundation/diagnostic.ts'
import { createSource } from '../../src/foundation/source.ts'

const source = createSource('p.yaml', 'name: p\nstages:\n\t- id: rewiew\r\n')
const sources = new Map([[source.name, source]])
const at = (start: number, end: number, code = 'c', severity: Diagnostic['severity'] = 'error'): Diagnostic => ({
  code,
  severity,
  message: 'It is wrong.',
  span: source.span(start, end),
})

describe('a source', () => {
  it('knows lines and columns from 1, and lines without their breaks', () => {
    expect(source.positionAt(0)).toEqual({ offset: 0, line: 1, column: 1 })
    expect(source.positionAt(8)).toEqual({ offset: 8, line: 2, column: 1 })
    expect(source.line(3)).toBe('\t- id: rewiew')
    expect(source.line(99)).toBe('')
    expect(source.positionAt(1_000).offset).toBe(source.text.length)
  })
})

describe('a diagnostic', () => {
  it('is shown with place, code, message, frame, caret and hint', () => {
    const offset = source.text.indexOf('rewiew')
    const text = formatDiagnostic({ ...at(offset, offset + 6), hint: 'Did you mean "review"?' }, sources)
    expect(text.split('\n')).toEqual([
      'p.yaml:3:8 error c',
      '  It is wrong.',
      '  3 │  - id: rewiew',
      '    │        ^^^^^^',
      '  Did you mean "review"?',
    ])
  })

  it('shows only a part of a very long line, with the caret under the fault', () => {
    const long = createSource('l.yaml', `a: ${'x'.repeat(300)}FAULT${'y'.repeat(300)}`)
    const start = long.text.indexOf('FAULT')
    const [, , shown = '', caret = ''] = formatDiagnostic(
      { ...at(0, 0), span: long.span(start, start + 5) },
      new Map([['l.yaml', long]]),
    ).split('\n')
    expect(shown.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('FAULT')
    expect(shown.length).toBeLessThan(120)
  })

  it('is sorted by place, errors before warnings at one place', () => {
    const sorted = sortDiagnostics([at(9, 9, 'late'), at(3, 3, 'warn', 'warning'), at(3, 3, 'err'), at(0, 0, 'first')])
    expect(sorted.map(({ code }) => code)).toEqual(['first', 'err', 'warn', 'late'])
  })
})
