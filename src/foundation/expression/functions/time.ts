/** Functions about times and durations. */
import { parseDuration } from '../../duration.ts'
import type { Json } from '../../json.ts'
import { types } from '../schema-types.ts'
import { Duration, Kind, Timestamp } from '../values.ts'
import { boundedDuration, boundedMs, dayOfYear, formatCalendar, formatterFor, parseIso } from './calendar.ts'
import {
  type Argument,
  type Calendar,
  defineFunction,
  type FunctionSpec,
  param,
  type Refusal,
  Refused,
  sentence,
} from './define.ts'

const { number, text, time, duration } = Kind
const group = 'time'
const zone = param('zone', text, 'optional')

const msOf = (value: Timestamp | string): number => (typeof value === 'string' ? parseIso(value) : value.ms)

/** Milliseconds of `1h30m`, `-5m`, `1.5h`; throws `Refused`. */
function durationMs(value: string): number {
  const negative = value.startsWith('-')
  const ms = value === '0' ? 0 : parseDuration(negative || value.startsWith('+') ? value.slice(1) : value)
  if (ms === undefined) throw new Refused(`"${value.slice(0, 60)}" is no duration such as 500ms, 30s or 1h30m`)
  return boundedDuration(negative ? -ms || 0 : ms)
}

/** Refuses a constant that the function would refuse when it runs. */
const constant =
  (argument: number, read: (value: string) => unknown) =>
  (args: readonly Argument[]): Refusal | undefined => {
    const value: Json | undefined = args[argument]?.constant
    if (typeof value !== 'string') return undefined
    try {
      read(value)
      return undefined
    } catch (error) {
      return { argument, message: sentence((error as Error).message) }
    }
  }

const checkZone = (argument: number) =>
  constant(argument, (value) => (/^[+-]?\d{2}:\d{2}$/.test(value) ? undefined : formatterFor(value)))

const both =
  (...checks: readonly ((args: readonly Argument[]) => Refusal | undefined)[]) =>
  (args: readonly Argument[]): Refusal | undefined =>
    checks.map((check) => check(args)).find((refusal) => refusal)

/** A method that reads one part of a time, in UTC or in a zone. */
const part = (name: string, doc: string, result: number, read: (at: Calendar) => number): FunctionSpec =>
  defineFunction<[Timestamp, string?]>({
    name,
    form: 'method',
    group,
    params: [param('time', time), zone],
    returns: types.integer,
    check: checkZone(1),
    run: ([at, where], tools) => read(tools.calendar(at.ms, where)),
    doc,
    example: `time("2026-03-04T05:06:07.008Z").${name}()`,
    result,
  })

/** The parts that durations have too: there they count the whole length. */
const sharedPart = (
  name: string,
  unit: string,
  unitMs: number,
  result: number,
  read: (at: Calendar) => number,
): FunctionSpec =>
  defineFunction<[Timestamp | Duration, string?]>({
    name,
    form: 'method',
    group,
    params: [param('value', time | duration), zone],
    returns: types.integer,
    check: checkZone(1),
    run: ([value, where], tools) => {
      if (value instanceof Timestamp) return read(tools.calendar(value.ms, where))
      return unitMs === 1 ? Math.trunc(value.ms % 1_000) || 0 : Math.trunc(value.ms / unitMs) || 0
    },
    doc: `The ${unit} of a time${unitMs === 1 ? ' or a duration' : `, or how many whole ${unit} a duration has`}.`,
    example: `time("2026-03-04T05:06:07.008Z").${name}()`,
    result,
  })

const timeOf = (name: string, doc: string, example: string, result: string): FunctionSpec =>
  defineFunction<[string | number | Timestamp]>({
    name,
    form: 'function',
    group,
    params: [param('value', text | number | time)],
    returns: types.time,
    check: constant(0, parseIso),
    run: ([value]) => {
      if (typeof value === 'number') return new Timestamp(boundedMs(value * 1_000))
      return typeof value === 'string' ? new Timestamp(parseIso(value)) : value
    },
    doc,
    example,
    result,
  })

const durationOf = (name: string, doc: string, example: string, result: string): FunctionSpec =>
  defineFunction<[string | Duration]>({
    name,
    form: 'function',
    group,
    params: [param('value', text | duration)],
    returns: types.duration,
    check: constant(0, durationMs),
    run: ([value]) => (typeof value === 'string' ? new Duration(durationMs(value)) : value),
    doc,
    example,
    result,
  })

const epoch: Calendar = {
  year: 2000,
  month: 1,
  day: 1,
  hour: 0,
  minute: 0,
  second: 0,
  millisecond: 0,
  weekday: 6,
}

export const timeFunctions = [
  defineFunction<[]>({
    name: 'now',
    form: 'function',
    group,
    params: [],
    returns: types.time,
    run: (_, tools) => new Timestamp(tools.nowMs),
    doc: 'When this stage became ready: the latest recorded end among what it waits for. The same after a crash.',
    example: 'now() - now()',
    result: '0s',
  }),
  timeOf(
    'time',
    'A moment from ISO text or from seconds since 1970; a date alone is midnight UTC.',
    'time("2026-01-31") + dur("36h")',
    '2026-02-01T12:00:00.000Z',
  ),
  timeOf('timestamp', "CEL's name of `time`.", 'timestamp("2026-01-31T10:00:00+01:00")', '2026-01-31T09:00:00.000Z'),
  durationOf('dur', 'A length of time: `500ms 30s 5m 2h 1d`, combined as `1h30m`.', 'dur("90m")', '1h30m'),
  durationOf('duration', "CEL's name of `dur`.", 'duration("1.5h") > dur("1h")', true as never),
  defineFunction<[Timestamp | string, string?]>({
    name: 'date',
    form: 'function',
    group,
    params: [param('time', time | text), zone],
    returns: types.text,
    check: both(constant(0, parseIso), checkZone(1)),
    run: ([at, where], tools) => formatCalendar(tools.calendar(msOf(at), where), 'yyyy-MM-dd'),
    doc: 'The date of a time (or of ISO text) in UTC or in a zone, as YYYY-MM-DD.',
    example: 'date("2026-01-31T23:30:00Z", "Europe/Berlin")',
    result: '2026-02-01',
  }),
  defineFunction<[Timestamp | string, string, string?]>({
    name: 'format_date',
    form: 'function',
    group,
    params: [param('time', time | text), param('pattern', text), zone],
    returns: types.text,
    check: both(
      constant(0, parseIso),
      constant(1, (pattern) => formatCalendar(epoch, pattern)),
      checkZone(2),
    ),
    run: ([at, pattern, where], tools) =>
      tools.text(formatCalendar(tools.calendar(msOf(at), where), tools.text(pattern))),
    doc: 'A time as text, by a pattern of yyyy yy MMMM MMM MM M dd d EEEE EEE HH H mm ss SSS.',
    example: 'format_date("2026-01-31T09:05:00Z", "EEE d MMMM yyyy, HH:mm")',
    result: 'Sat 31 January 2026, 09:05',
  }),
  part('getFullYear', 'The year.', 2026, ({ year }) => year),
  part('getMonth', 'The month, 0 for January.', 2, ({ month }) => month - 1),
  part('getDate', 'The day of the month, from 1.', 4, ({ day }) => day),
  part('getDayOfMonth', 'The day of the month, from 0.', 3, ({ day }) => day - 1),
  part('getDayOfWeek', 'The day of the week, 0 for Sunday.', 3, ({ weekday }) => weekday),
  part('getDayOfYear', 'The day of the year, from 0.', 62, dayOfYear),
  sharedPart('getHours', 'hours', 3_600_000, 5, ({ hour }) => hour),
  sharedPart('getMinutes', 'minutes', 60_000, 6, ({ minute }) => minute),
  sharedPart('getSeconds', 'seconds', 1_000, 7, ({ second }) => second),
  sharedPart('getMilliseconds', 'milliseconds', 1, 8, ({ millisecond }) => millisecond),
]
