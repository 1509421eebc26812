import { describe, expect, it } from 'vitest'
import { cutToWidth, displayWidth, outputLines, padToWidth, safeLine, safeText } from '../../../src/cli/render/text.ts'

describe('text for a terminal', () => {
  it('loses escape sequences and shows other control characters', () => {
    expect(safeText('\u001b[31mred\u001b[0m')).toBe('red')
    expect(safeText('title \u001b]0;pwned\u0007 set')).toBe('title  set')
    expect(safeText('bell\u0007 back\b nul\0')).toBe('bell\\u{7} back\\u{8} nul\\u{0}')
    expect(safeText('8-bit \u009b2J')).not.toContain('\u009b')
    expect(safeText('lone \u001b')).not.toContain('\u001b')
  })

  it('cannot be reordered by bidirectional marks', () => {
    expect(safeText('exe.\u202efdp')).toBe('exe.\\u{202e}fdp')
  })

  it('keeps line breaks, tabs, and joined emoji', () => {
    expect(safeText('a\r\n\tb\n')).toBe('a\n\tb\n')
    expect(safeText('👩‍🚀 ü 日本')).toBe('👩‍🚀 ü 日本')
  })

  it('fits on one line when asked to', () => {
    expect(safeLine('  a\n\n  b\tc\r\n')).toBe('a b c')
  })

  it('shows what an overwritten progress line said last', () => {
    expect(outputLines('10 %\r50 %\rdone\nnext\n')).toEqual(['done', 'next'])
    expect(outputLines('50 %\r')).toEqual(['50 %'])
    expect(outputLines('a\r\n\r\nb')).toEqual(['a', '', 'b'])
  })
})

describe('the width of text', () => {
  it.each([
    ['abc', 3],
    ['', 0],
    ['日本', 4],
    ['한글', 4],
    ['e\u0301', 1],
    ['👩‍🚀', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['✔', 1],
    ['ﾊﾛｰ', 3],
    ['\u200b', 0],
  ])('of %j is %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })

  it('decides where text is cut, never inside a character', () => {
    expect(cutToWidth('abcdef', 6)).toBe('abcdef')
    expect(cutToWidth('abcdef', 4)).toBe('abc…')
    expect(cutToWidth('日本語', 5)).toBe('日本…')
    expect(cutToWidth('日本語', 4)).toBe('日…')
    expect(cutToWidth('👩‍🚀👩‍🚀', 3)).toBe('👩‍🚀…')
    expect(cutToWidth('abc', 0)).toBe('')
  })

  it('decides how much is padded', () => {
    expect(padToWidth('日', 4)).toBe('日  ')
    expect(padToWidth('abcd', 2)).toBe('abcd')
  })
})
