/** Documents changed as text: a slip of a few characters, a line moved, an expression rewritten. */
import { anyKind } from '../../src/foundation/expression/values.ts'
import { type Atoms, randomExpression, scopeAtoms, spoil } from './expressions.ts'
import { few, pick, type Random, upTo } from './random.ts'
import { keys, scalars, scraps } from './words.ts'

/** The text changed in a few places, mostly in one. */
export function editText(random: Random, text: string): string {
  let edited = text
  for (let i = few(random, 5); i > 0; i--) edited = editOnce(random, edited)
  return edited
}

/** The text with one piece in it very often: what makes a program slow. */
export function swell(random: Random, text: string): string {
  const pieces = [
    ...scraps,
    '${{ a }}',
    '- a\n',
    'a: ',
    '[a, ',
    '{a: ',
    '(',
    'a.',
    'a.?b',
    '1 + ',
    '[]',
    '!',
    "''",
    '""',
    'a ',
  ]
  const piece = pick(random, pieces) + (random() < 0.3 ? pick(random, pieces) : '')
  const count = Math.ceil(random() ** 2 * (6_000 / piece.length))
  return replaceOne(random, text, /(?<=: |- )|\b|$/gm, () => piece.repeat(count))
}

function editOnce(random: Random, text: string): string {
  switch (upTo(random, 9)) {
    case 0:
      return spoil(random, text)
    case 1:
      return putIn(random, text)
    case 2:
      return onLines(random, text, (lines, at) => lines.splice(at, 0, pick(random, lines)))
    case 3:
      return onLines(random, text, (lines, at) => lines.splice(at, few(random, 3)))
    case 4:
      return onLines(random, text, (lines, at) => lines.splice(at, 1, indented(random, lines[at] as string)))
    case 5:
      return replaceOne(random, text, /(?<=: |- )[^\n{[#]+$/gm, () => JSON.stringify(pick(random, scalars)))
    case 6:
      return replaceOne(random, text, /[a-z_]+(?=:)/g, () => pick(random, keys))
    case 7:
      return replaceOne(random, text, /(?<=\$\{\{ ).*?(?= \}\})/g, (found) => otherExpression(random, found, text))
    default:
      return replaceOne(random, text, /(?<=(?:if|that): ).*/g, (found) => otherExpression(random, found, text))
  }
}

/** A scrap at the start or the end of a word: where it hurts. */
function putIn(random: Random, text: string): string {
  return replaceOne(random, text, /\b/g, () => pick(random, scraps))
}

function onLines(random: Random, text: string, change: (lines: string[], at: number) => void): string {
  const lines = text.split('\n')
  change(lines, upTo(random, lines.length))
  return lines.join('\n')
}

const indented = (random: Random, line: string): string =>
  random() < 0.5 ? `${' '.repeat(few(random, 4))}${line}` : line.replace(/^ {1,2}/, '')

/** One of the matches, replaced. The pattern has the flag `g`. */
function replaceOne(random: Random, text: string, pattern: RegExp, make: (found: string) => string): string {
  const found = [...text.matchAll(pattern)]
  if (found.length === 0) return text
  const { index, 0: old } = pick(random, found)
  return text.slice(0, index) + make(old) + text.slice(index + old.length)
}

function otherExpression(random: Random, old: string, text: string): string {
  if (random() < 0.3) return spoil(random, old)
  const made = randomExpression(random, namesIn(text), 3)
  return random() < 0.3 ? `${old} ${pick(random, ['+', '==', '&&', '|| '])} ${made}` : made
}

/** What the document's own expressions read, beside names that it may not have. */
export function namesIn(text: string): Atoms {
  const found = text.match(/\b(?:inputs|vars|stages|env|secrets)(?:\.\??\w+)+/g) ?? []
  const own = found.map((name) => [anyKind, name] as const)
  return own.length > 3 ? own : [...own, ...scopeAtoms]
}
