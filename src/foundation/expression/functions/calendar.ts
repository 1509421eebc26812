/** Moments in the calendar of a time zone, and ISO texts. */
import { type Calendar, Refused } from './define.ts'

/** The first and the last moment that CEL knows. */
const firstMs = -62_135_596_800_000
const lastMs = 253_402_300_799_999

/** The moment, or a refusal when it lies outside the years 1 to 9999. */
export function boundedMs(ms: number): number {
  if (ms >= firstMs && ms <= lastMs) return ms
  throw new Refused('the time lies outside of the years 1 to 9999')
}

/** About 10,000 years, as in CEL. */
const longestMs = 315_576_000_000_000

/** The length of time, or a refusal when it is too long. */
export function boundedDuration(ms: number): number {
  if (Math.abs(ms) <= longestMs) return ms
  throw new Refused('the duration is longer than 10,000 years')
}

const iso = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2}))?$/

/** Milliseconds of an ISO 8601 text: a date (midnight UTC), or a date and time with its zone. */
export function parseIso(text: string): number {
  const match = iso.exec(text)
  if (!match) throw new Refused(`"${text.slice(0, 60)}" is no time such as 2026-01-31T09:30:00Z or 2026-01-31`)
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as unknown as Six
  const ms = Date.UTC(2000, month - 1, day, hour, minute, second) + Math.floor(Number(match[7] ?? 0) * 1_000)
  const date = new Date(ms)
  date.setUTCFullYear(year, month - 1, day)
  const real = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60
  if (!real) throw new Refused(`"${text}" is no real time`)
  return boundedMs(date.getTime() - offsetMs(match[8]))
}

type Six = readonly [number, number, number, number, number, number]

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))
  return (zone[0] === '-' ? -minutes : minutes) * 60_000
}

/** Reads calendars; keeps a formatter per zone, so it belongs to one evaluator. */
export function createCalendars(): (ms: number, zone: string | undefined) => Calendar {
  const formatters = new Map<string, Intl.DateTimeFormat>()
  return (ms, zone) => {
    if (zone === undefined || zone === 'UTC') return utcCalendar(ms)
    const fixed = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone)
    if (fixed) return utcCalendar(ms + offsetMs(`${fixed[1] || '+'}${fixed[2]}:${fixed[3]}`))
    const formatter = formatters.get(zone) ?? formatterFor(zone)
    if (formatters.size < 64) formatters.set(zone, formatter)
    return zonedCalendar(ms, formatter)
  }
}

function utcCalendar(ms: number): Calendar {
  const date = new Date(ms)
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
    weekday: date.getUTCDay(),
  }
}

/** Throws `Refused` when there is no such zone. */
export function formatterFor(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...fields })
  } catch {
    throw new Refused(`"${zone.slice(0, 60)}" is no time zone such as Europe/Berlin`)
  }
}

const fields = {
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
} as const

function zonedCalendar(ms: number, formatter: Intl.DateTimeFormat): Calendar {
  const found: Record<string, number> = {}
  for (const { type, value } of formatter.formatToParts(ms)) found[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = found
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay()
  return { year, month, day, hour, minute, second, millisecond: ((ms % 1_000) + 1_000) % 1_000, weekday }
}

/** Day of the year, 0 for the first of January. */
export const dayOfYear = ({ year, month, day }: Calendar): number =>
  Math.round((Date.UTC(2000, month - 1, day) - Date.UTC(2000, 0, 1)) / 86_400_000) -
  (month > 2 && !isLeap(year) ? 1 : 0)

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

const months = 'January February March April May June July August September October November December'.split(' ')
const weekdays = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const pad = (value: number, width: number): string => String(value).padStart(width, '0')

const writers: Readonly<Record<string, (at: Calendar) => string>> = {
  yyyy: ({ year }) => pad(year, 4),
  yy: ({ year }) => pad(year % 100, 2),
  MMMM: ({ month }) => months[month - 1] as string,
  MMM: ({ month }) => (months[month - 1] as string).slice(0, 3),
  MM: ({ month }) => pad(month, 2),
  M: ({ month }) => String(month),
  dd: ({ day }) => pad(day, 2),
  d: ({ day }) => String(day),
  EEEE: ({ weekday }) => weekdays[weekday] as string,
  EEE: ({ weekday }) => (weekdays[weekday] as string).slice(0, 3),
  HH: ({ hour }) => pad(hour, 2),
  H: ({ hour }) => String(hour),
  mm: ({ minute }) => pad(minute, 2),
  ss: ({ second }) => pad(second, 2),
  SSS: ({ millisecond }) => pad(millisecond, 3),
}

/** Writes a moment by a pattern such as `d MMMM yyyy, HH:mm`; letters in quotes stand for themselves. */
export function formatCalendar(at: Calendar, pattern: string): string {
  return pattern.replace(/'([^']*)'|([A-Za-z])\2*/g, (piece: string, quoted: string | undefined) => {
    if (quoted !== undefined) return quoted === '' ? "'" : quoted
    const writer = Object.hasOwn(writers, piece) ? writers[piece] : undefined
    if (writer) return writer(at)
    throw new Refused(`"${piece}" is no part of a date; there are ${Object.keys(writers).join(', ')}`)
  })
}
