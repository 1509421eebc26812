/** The stage kind `wait`: time passes, an event comes, or a condition comes to hold. */
import { z } from 'zod'
import { StageError } from '../foundation/errors.ts'
import type { Json } from '../foundation/json.ts'
import type { JsonSchema } from '../foundation/plan.ts'
import { StageSkipped, WaitTimedOut } from '../foundation/stage-ends.ts'
import { defineStage, type StageContext } from '../foundation/stage-kind.ts'
import type { WaitEndRequest } from '../foundation/wait.ts'
import { durationText, msOf } from './waits/duration-text.ts'

const endKeys = {
  for: durationText().optional().describe('How long: a duration.'),
  until: z.string().min(1).optional().describe('Until when: a time, ISO 8601.'),
  event: z.string().min(1).optional().describe('Name of the event to wait for.'),
  match: z
    .string()
    .optional()
    .describe(
      'Which of these events: a bare expression with `event.{id, event, at, data}` in scope. Default: any that came since the run began.',
    ),
  condition: z
    .string()
    .optional()
    .describe('A bare expression that has to hold; it sees variables as they are by then.'),
}

type Ends = z.infer<z.ZodObject<typeof endKeys>>

const whatToWaitFor = ['for', 'until', 'event', 'condition', 'any', 'all'] as const
const oneOfThem = (given: object): boolean => whatToWaitFor.filter((key) => Object.hasOwn(given, key)).length === 1
const matchesEvent = (given: Ends): boolean => given.match === undefined || given.event !== undefined
const needsOne = { error: 'Say exactly one of: for, until, event, condition, any, all.' }
const needsEvent = { error: '"match" says which event, so it stands beside "event".' }

const entry = z
  .strictObject({ name: z.string().min(1).optional().describe('What `fired` says when it came.'), ...endKeys })
  .refine(oneOfThem, { error: 'An entry says exactly one of: for, until, event, condition.' })
  .refine(matchesEvent, needsEvent)

const schema = z
  .strictObject({
    ...endKeys,
    any: z.array(entry).min(1).optional().describe('Several of these, of which the first ends it.'),
    all: z.array(entry).min(1).optional().describe('Several of these, all of which have to come.'),
    timeout: durationText().optional().describe('How long is waited at most.'),
    on_timeout: z
      .enum(['fail', 'skip', 'continue'])
      .optional()
      .describe(
        'What it means that nothing came in time: the stage fails (default), is skipped with what needs it, or goes on (`fired` is `timeout`).',
      ),
  })
  .refine(oneOfThem, needsOne)
  .refine(matchesEvent, needsEvent)

type WaitConfig = z.infer<typeof schema>

const eventSchema: JsonSchema = {
  type: ['object', 'null'],
  properties: { id: { type: 'string' }, event: { type: 'string' }, at: { type: 'string' }, data: true },
  required: ['id', 'event', 'at', 'data'],
  additionalProperties: false,
}

const outputSchema: JsonSchema = {
  type: 'object',
  properties: { fired: { type: 'string' }, event: eventSchema, waited_ms: { type: 'integer' } },
  required: ['fired', 'event', 'waited_ms'],
  additionalProperties: false,
}

const later = (extra: 'event' | 'none') => ({ is: 'later', extra }) as const

export const wait = defineStage<WaitConfig>({
  name: 'wait',
  docs: {
    summary: 'Waits for time to pass, for an event or for a condition; durably, and without a process.',
    output:
      "`{fired, event, waited_ms}`: what ended it (the entry's name, else the event's name, `for`, `until`, `condition` or `timeout`), the event if it was one, and how long it took.",
    example: `name: await_payment
inputs:
  order: { type: string, default: o1 }
stages:
  - id: payment
    wait:
      any:
        - { event: payment.received, match: event.data.order == inputs.order }
        - { name: too_late, for: 2h }
  - id: next
    transform: "\${{ stages.payment.output.fired == 'too_late' ? 'cancel it' : 'ship it' }}"
outputs:
  next: \${{ stages.next.output }}
`,
  },
  schema,
  slots: {
    match: later('event'),
    condition: later('none'),
    'any.*.match': later('event'),
    'any.*.condition': later('none'),
    'all.*.match': later('event'),
    'all.*.condition': later('none'),
    on_timeout: { is: 'literal', why: 'It is part of the structure of the pipeline.' },
  },
  pure: true,
  waits: 'wait',
  inheritsRetry: false,
  outputSchema: (_config, declared) => declared ?? outputSchema,
  run,
})

async function run(config: WaitConfig, context: StageContext): Promise<Json> {
  const { timeout, on_timeout = 'fail' } = config
  const entries = named((config.any ?? config.all ?? [config]).map(endOf))
  try {
    const answer = await context.wait({
      value: { message: `Waits for ${entries.map(wordsOf).join(config.all ? ' and ' : ' or ')}.` },
      response_schema: {
        type: 'object',
        properties: { fired: { enum: entries.map(({ name }) => name) }, event: eventSchema },
        required: ['fired'],
        additionalProperties: false,
      },
      ends: { by: config.all ? 'all' : 'any', entries },
      ...(timeout !== undefined && { timeoutMs: msOf(timeout, 'timeout') }),
    })
    return { event: null, ...(answer as { readonly fired: string }), waited_ms: waitedMs(context) }
  } catch (thrown) {
    if (!(thrown instanceof WaitTimedOut) || on_timeout === 'fail') throw thrown
    if (on_timeout === 'skip') throw new StageSkipped('timeout')
    return { fired: 'timeout', event: null, waited_ms: waitedMs(context) }
  }
}

function waitedMs({ waited }: StageContext): number {
  const { from, to } = waited()
  return Math.max(0, Date.parse(to) - Date.parse(from))
}

function endOf(written: Ends & { readonly name?: string | undefined }): WaitEndRequest {
  const { name, event, match, condition, until } = written
  if (written.for !== undefined) return { name: name ?? 'for', afterMs: msOf(written.for, 'for') }
  if (until !== undefined) return { name: name ?? 'until', at: timeOf(until) }
  if (event !== undefined) return { name: name ?? event, event, ...(match !== undefined && { match }) }
  return { name: name ?? 'condition', condition: condition ?? 'false' }
}

/** Names are told apart by `_2`, `_3`. */
function named(entries: readonly WaitEndRequest[]): WaitEndRequest[] {
  const seen = new Map<string, number>()
  return entries.map((each) => {
    const count = (seen.get(each.name) ?? 0) + 1
    seen.set(each.name, count)
    return count === 1 ? each : { ...each, name: `${each.name}_${count}` }
  })
}

function timeOf(text: string): string {
  const ms = Date.parse(text)
  if (!Number.isNaN(ms)) return new Date(ms).toISOString()
  throw new StageError(`"until" is no time: ${JSON.stringify(text)}`, {
    category: 'validation',
    code: 'bad_time',
    retryable: false,
  })
}

function wordsOf(entry: WaitEndRequest): string {
  if ('event' in entry) return `the event ${entry.event}`
  if ('condition' in entry) return entry.condition
  return 'at' in entry ? entry.at : 'time to pass'
}
