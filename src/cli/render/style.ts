/**
 * What a terminal can show: colours or none, Unicode or ASCII. Decided once, from the environment.
 */
import { cutToWidth, displayWidth } from './text.ts'

export type Paint = 'plain' | 'dim' | 'bold' | 'red' | 'green' | 'yellow' | 'cyan'

export interface Glyphs {
  readonly succeeded: string
  readonly failed: string
  readonly tolerated: string
  readonly skipped: string
  readonly cancelled: string
  readonly pending: string
  readonly waiting: string
  /** Frames of the thing that turns. */
  readonly running: readonly string[]
  readonly branch: string
  readonly lastBranch: string
  readonly barFull: string
  readonly barEmpty: string
  readonly cut: string
  readonly dot: string
}

export interface Style {
  readonly glyphs: Glyphs
  readonly paint: (paint: Paint, text: string) => string
}

const unicodeGlyphs: Glyphs = {
  succeeded: '✔',
  failed: '✖',
  tolerated: '▲',
  skipped: '↷',
  cancelled: '■',
  pending: '·',
  waiting: '◌',
  running: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  branch: '├─',
  lastBranch: '└─',
  barFull: '━',
  barEmpty: '─',
  cut: '…',
  dot: '·',
}

const asciiGlyphs: Glyphs = {
  succeeded: '+',
  failed: 'x',
  tolerated: '!',
  skipped: '-',
  cancelled: '#',
  pending: '.',
  waiting: 'o',
  running: ['|', '/', '-', '\\'],
  branch: '|-',
  lastBranch: '`-',
  barFull: '#',
  barEmpty: '-',
  cut: '~',
  dot: '-',
}

const codes: Readonly<Record<Exclude<Paint, 'plain'>, readonly [number, number]>> = {
  dim: [2, 22],
  bold: [1, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
}

export function createStyle(can: { readonly color: boolean; readonly unicode: boolean }): Style {
  return {
    glyphs: can.unicode ? unicodeGlyphs : asciiGlyphs,
    paint(paint, text) {
      if (!can.color || paint === 'plain' || text === '') return text
      const [on, off] = codes[paint]
      return `\u001b[${on}m${text}\u001b[${off}m`
    },
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/** https://no-color.org and FORCE_COLOR; otherwise colours go to terminals that are not `dumb`. NO_COLOR wins. */
export function wantsColor(env: Environment, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return isTerminal && env.TERM !== 'dumb'
}

/** Whether the locale says UTF-8: the first of LC_ALL, LC_CTYPE, LANG that is set decides, as POSIX has it. */
export function speaksUnicode(env: Environment, platform: NodeJS.Platform): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG
  if (locale) return /utf-?8/i.test(locale)
  return platform === 'win32' ? env.WT_SESSION !== undefined || env.TERM_PROGRAM === 'vscode' : platform === 'darwin'
}

/** A piece of a line, with its colour beside it, so that a line can be cut before it is coloured. */
export type Segment = readonly [text: string, paint?: Paint]

/** The segments as one line of at most `width` columns; a mark stands for what was cut off. */
export function styledLine(segments: readonly Segment[], width: number, style: Style): string {
  const total = segments.reduce((sum, [text]) => sum + displayWidth(text), 0)
  if (total <= width) return segments.map(([text, paint]) => style.paint(paint ?? 'plain', text)).join('')
  let left = width - 1
  let line = ''
  for (const [text, paint] of segments) {
    const shown = cutToWidth(text, left, '')
    line += style.paint(paint ?? 'plain', shown)
    left -= displayWidth(shown)
    if (shown !== text) break
  }
  return width > 0 ? line + style.glyphs.cut : ''
}
