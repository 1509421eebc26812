/** Functions about text. */
import { renderScalar } from '../leave.ts'
import { maxTextLength } from '../limits.ts'
import { listOf, type Type, types } from '../schema-types.ts'
import { describe, Kind, type Plain } from '../values.ts'
import {
  charactersOf,
  defineFunction,
  type FunctionSpec,
  type Items,
  param,
  Refused,
  sliceCharacters,
  whole,
} from './define.ts'
import { checkPattern } from './patterns.ts'

const { number, text, list, boolean } = Kind
const group = 'text'
const textList: Type = listOf(types.text)

/** A method of text without arguments. */
const simple = (
  name: string,
  doc: string,
  example: string,
  result: string,
  run: (text: string) => string,
): FunctionSpec =>
  defineFunction<[string]>({
    name,
    form: 'method',
    group,
    params: [param('text', text)],
    returns: types.text,
    run: ([value], tools) => tools.text(run(value)),
    doc,
    example,
    result,
  })

/** A method of text that asks something about another text. */
const test = (
  name: string,
  doc: string,
  example: string,
  run: (text: string, other: string) => boolean,
): FunctionSpec =>
  defineFunction<[string, string]>({
    name,
    form: 'method',
    group,
    params: [param('text', text), param('other', text)],
    returns: types.boolean,
    run: ([value, other], tools) => {
      tools.charge((value.length + other.length) >> 6)
      return run(value, other)
    },
    doc,
    example,
    result: true,
  })

const isSpace = (character: string | undefined): boolean =>
  character !== undefined && /\p{White_Space}/u.test(character)

/** Without Unicode white space at both ends, in linear time. */
function trimmed(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isSpace(value[start])) start++
  while (end > start && isSpace(value[end - 1])) end--
  return value.slice(start, end)
}

const ascii = (value: string, pattern: RegExp, change: (letter: string) => string): string =>
  value.replace(pattern, change)

function replaceText([value, old, replacement, limit]: readonly [string, string, string, number?]): string {
  const most = limit === undefined || limit < 0 ? Number.POSITIVE_INFINITY : whole(limit, 'limit')
  if (most === Number.POSITIVE_INFINITY) return value.replaceAll(old, () => replacement)
  const pieces = value.split(old)
  const kept = pieces.slice(0, most + 1)
  const head = kept.join(replacement)
  return pieces.length > kept.length ? [head, ...pieces.slice(most + 1)].join(old) : head
}

/** How long a replacement would be, so that a text that is too long is never made. */
function grown([value, old, replacement]: readonly [string, string, string, number?]): number {
  const most = old === '' ? value.length + 1 : Math.floor(value.length / old.length)
  if (value.length + most * replacement.length <= maxTextLength) return 0
  const hits = old === '' ? value.length + 1 : value.split(old).length - 1
  return value.length + hits * (replacement.length - old.length)
}

function splitText(value: string, separator: string, limit: number | undefined): readonly string[] {
  const pieces = separator === '' ? Array.from(value) : value.split(separator)
  if (limit === undefined || limit < 0) return pieces
  const most = whole(limit, 'limit')
  if (most === 0) return []
  return pieces.length <= most ? pieces : [...pieces.slice(0, most - 1), pieces.slice(most - 1).join(separator)]
}

function joinTexts(items: Items, separator: string): string {
  const pieces = items.map((item, at) => {
    if (typeof item === 'string') return item
    if (typeof item === 'number' || typeof item === 'boolean') return JSON.stringify(item)
    throw new Refused(`join takes texts and numbers, but item ${at} is ${describe(item)}`)
  })
  const length = pieces.reduce((sum, piece) => sum + piece.length + separator.length, 0)
  if (length > maxTextLength + separator.length)
    throw new Refused('the text would be longer than 1 MB', 'expression_limit')
  return pieces.join(separator)
}

function place(value: string, other: string, from: number | undefined, last: boolean): number {
  const characters = charactersOf(value)
  const start = from === undefined ? (last ? characters.length : 0) : whole(from, 'from')
  if (start < 0 || start > characters.length) throw new Refused(`from is ${start}, outside of the text`)
  const unitStart = sliceCharacters(value, 0, start).length
  const unit = last ? value.lastIndexOf(other, unitStart) : value.indexOf(other, unitStart)
  return unit <= 0 ? unit : charactersOf(value.slice(0, unit)).length
}

function bounded(value: string, start: number, end: number | undefined): string {
  const length = charactersOf(value).length
  const to = end === undefined ? length : whole(end, 'end')
  if (whole(start, 'start') < 0 || start > to || to > length) {
    throw new Refused(`characters ${start} to ${to} are outside of the text, which has ${length}`)
  }
  return sliceCharacters(value, start, to)
}

const placeMethod = (name: string, last: boolean, doc: string, result: number): FunctionSpec =>
  defineFunction<[string, string, number?]>({
    name,
    form: 'method',
    group,
    params: [param('text', text), param('other', text), param('from', number, 'optional')],
    returns: types.integer,
    run: ([value, other, from], tools) => {
      tools.charge(value.length >> 4)
      return place(value, other, from, last)
    },
    doc,
    example: `"banana".${name}("an")`,
    result,
  })

export const textFunctions = [
  simple('lower', 'The text in lower case.', '"Tea TIME".lower()', 'tea time', (value) => value.toLowerCase()),
  simple('upper', 'The text in upper case.', '"tea".upper()', 'TEA', (value) => value.toUpperCase()),
  simple('trim', 'The text without white space around it.', '"  tea ".trim()', 'tea', trimmed),
  simple('lowerAscii', 'As `lower`, for the letters A to Z only.', '"TEA".lowerAscii()', 'tea', (value) =>
    ascii(value, /[A-Z]+/g, (letters) => letters.toLowerCase()),
  ),
  simple('upperAscii', 'As `upper`, for the letters a to z only.', '"tea".upperAscii()', 'TEA', (value) =>
    ascii(value, /[a-z]+/g, (letters) => letters.toUpperCase()),
  ),
  test('startsWith', 'Whether the text starts with another.', '"teapot".startsWith("tea")', (a, b) => a.startsWith(b)),
  test('endsWith', 'Whether the text ends with another.', '"teapot".endsWith("pot")', (a, b) => a.endsWith(b)),
  test('contains', 'Whether the text holds another.', '"teapot".contains("apo")', (a, b) => a.includes(b)),
  ...(['method', 'function'] as const).map((form) =>
    defineFunction<[string, string]>({
      name: 'matches',
      form,
      group,
      params: [param('text', text), param('pattern', text)],
      returns: types.boolean,
      check: ([, pattern]) => checkPattern(pattern?.constant),
      run: ([value, pattern], tools) => tools.matches(value, pattern),
      doc: 'Whether a regular expression (RE2 syntax) occurs in the text; `^` and `$` tie it to the ends.',
      example: form === 'method' ? '"order-17".matches("^[a-z]+-[0-9]+$")' : 'matches("order-17", "[0-9]+")',
      result: true,
    }),
  ),
  defineFunction<[string, string, string, number?]>({
    name: 'replace',
    form: 'method',
    group,
    params: [param('text', text), param('old', text), param('new', text), param('limit', number, 'optional')],
    returns: types.text,
    run: (args, tools) => {
      if (grown(args) > maxTextLength) throw new Refused('the text would be longer than 1 MB', 'expression_limit')
      return tools.text(replaceText(args))
    },
    doc: 'Every occurrence of a text (not a pattern), or the first `limit` of them, replaced.',
    example: '"a-b-c".replace("-", "+")',
    result: 'a+b+c',
  }),
  defineFunction<[string, string, number?]>({
    name: 'split',
    form: 'method',
    group,
    params: [param('text', text), param('separator', text), param('limit', number, 'optional')],
    returns: textList,
    run: ([value, separator, limit], tools) => {
      tools.charge(value.length >> 6)
      return tools.list(splitText(value, separator, limit))
    },
    doc: 'The pieces between the separators; with a limit the last piece holds the rest.',
    example: '"a,b,c".split(",")',
    result: ['a', 'b', 'c'],
  }),
  defineFunction<[Items, string?]>({
    name: 'join',
    form: 'method',
    group,
    params: [param('list', list), param('separator', text, 'optional')],
    returns: types.text,
    run: ([items, separator], tools) => {
      tools.charge(items.length)
      return tools.text(joinTexts(items, separator ?? ''))
    },
    doc: 'The texts and numbers of a list in one text.',
    example: '["a", "b", 3].join(", ")',
    result: 'a, b, 3',
  }),
  placeMethod('indexOf', false, 'Where another text occurs first (counted from 0), -1 if nowhere.', 1),
  placeMethod('lastIndexOf', true, 'Where another text occurs last (counted from 0), -1 if nowhere.', 3),
  defineFunction<[string, number, number?]>({
    name: 'substring',
    form: 'method',
    group,
    params: [param('text', text), param('start', number), param('end', number, 'optional')],
    returns: types.text,
    run: ([value, start, end], tools) => tools.text(bounded(value, start, end)),
    doc: 'The characters from `start` (counted from 0) up to but not including `end`.',
    example: '"teapot".substring(3, 6)',
    result: 'pot',
  }),
  defineFunction<[string, number]>({
    name: 'charAt',
    form: 'method',
    group,
    params: [param('text', text), param('index', number)],
    returns: types.text,
    run: ([value, at], tools) => {
      tools.charge(value.length >> 6)
      const end = charactersOf(value).length
      return at === end ? '' : bounded(value, at, at + 1)
    },
    doc: 'The character at a place (counted from 0); empty just behind the end.',
    example: '"tea".charAt(1)',
    result: 'e',
  }),
  defineFunction<[string]>({
    name: 'slug',
    form: 'function',
    group,
    params: [param('text', text)],
    returns: types.text,
    run: ([value], tools) => {
      const plainLetters = tools
        .text(value)
        .normalize('NFKD')
        .replace(/[\u0300-\u036f]/g, '')
        .toLowerCase()
      return tools.text(plainLetters.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, ''))
    },
    doc: 'Lower-case letters and digits joined by hyphens, fit for names of files and URLs.',
    example: 'slug("Crème brûlée, No. 5!")',
    result: 'creme-brulee-no-5',
  }),
  defineFunction<[string, number, string?]>({
    name: 'truncate',
    form: 'function',
    group,
    params: [param('text', text), param('length', number), param('ending', text, 'optional')],
    returns: types.text,
    run: ([value, length, ending], tools) => {
      const end = ending ?? '…'
      if (charactersOf(tools.text(value)).length <= whole(length, 'length')) return value
      const kept = length - charactersOf(end).length
      return kept < 0 ? sliceCharacters(end, 0, Math.max(0, length)) : sliceCharacters(value, 0, kept) + end
    },
    doc: 'The text cut to at most so many characters, the ending (…) included.',
    example: 'truncate("a long story", 7)',
    result: 'a long…',
  }),
  defineFunction<[Plain]>({
    name: 'string',
    form: 'function',
    group,
    params: [param('value', number | text | boolean | Kind.time | Kind.duration)],
    returns: types.text,
    run: ([value], tools) => tools.text(renderScalar(value)),
    doc: 'A value as text: numbers and booleans as JSON, times as ISO text.',
    example: 'string(2.5) + "%"',
    result: '2.5%',
  }),
]
