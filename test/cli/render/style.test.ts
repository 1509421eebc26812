import { describe, expect, it } from 'vitest'
import { createStyle, speaksUnicode, styledLine, wantsColor } from '../../../src/cli/render/style.ts'
import { asciiStyle, plainStyle } from '../support.ts'

describe('colours', () => {
  it('go to terminals only, unless the environment says otherwise', () => {
    expect(wantsColor({}, true)).toBe(true)
    expect(wantsColor({}, false)).toBe(false)
    expect(wantsColor({ TERM: 'dumb' }, true)).toBe(false)
    expect(wantsColor({ FORCE_COLOR: '1' }, false)).toBe(true)
    expect(wantsColor({ FORCE_COLOR: '0' }, true)).toBe(false)
    expect(wantsColor({ NO_COLOR: '1' }, true)).toBe(false)
    expect(wantsColor({ NO_COLOR: '1', FORCE_COLOR: '1' }, true)).toBe(false)
    expect(wantsColor({ NO_COLOR: '' }, true)).toBe(true)
  })

  it('are put around text and taken back', () => {
    const style = createStyle({ color: true, unicode: true })
    expect(style.paint('red', 'no')).toBe('\u001b[31mno\u001b[39m')
    expect(style.paint('plain', 'no')).toBe('no')
    expect(plainStyle.paint('red', 'no')).toBe('no')
  })
})

describe('glyphs', () => {
  it('are Unicode where the locale is UTF-8', () => {
    expect(speaksUnicode({ LANG: 'de_DE.UTF-8' }, 'linux')).toBe(true)
    expect(speaksUnicode({ LC_ALL: 'C', LANG: 'de_DE.UTF-8' }, 'linux')).toBe(false)
    expect(speaksUnicode({ LC_CTYPE: 'C.utf8' }, 'linux')).toBe(true)
    expect(speaksUnicode({}, 'linux')).toBe(false)
    expect(speaksUnicode({}, 'darwin')).toBe(true)
    expect(speaksUnicode({}, 'win32')).toBe(false)
    expect(speaksUnicode({ WT_SESSION: 'x' }, 'win32')).toBe(true)
  })

  it('are plain ASCII otherwise', () => {
    const { running, ...single } = asciiStyle.glyphs
    expect([...running, ...Object.values(single)].join('')).toMatch(/^[\x20-\x7e]+$/)
  })
})

describe('a line of coloured segments', () => {
  it('is cut by what is seen, not by its escape codes', () => {
    const style = createStyle({ color: true, unicode: true })
    expect(styledLine([['abc', 'red'], ['def']], 5, style)).toBe('\u001b[31mabc\u001b[39md…')
    expect(styledLine([['abc', 'red'], ['def']], 6, style)).toBe('\u001b[31mabc\u001b[39mdef')
    expect(styledLine([['日本'], ['x']], 4, plainStyle)).toBe('日…')
    expect(styledLine([['abc']], 0, plainStyle)).toBe('')
  })
})
