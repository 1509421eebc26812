/**
 * An answer that fits a schema. The model is told the schema in its provider's own way; what comes back is checked here,
 * and an answer that does not fit is sent back once with what is wrong with it.
 */
import { StageError } from '../../foundation/errors.ts'
import { assertJson, isJsonObject, type Json, type JsonObject } from '../../foundation/json.ts'
import type { JsonSchema } from '../../foundation/plan.ts'
import { createValidators } from '../../foundation/schema.ts'
import { type ChatMessage, field, messageText, wasCut } from './messages.ts'
import type { ChatModel } from './model.ts'

type ObjectSchema = Exclude<JsonSchema, true>

interface Answer {
  readonly value: Json | undefined
  /** What the model said, as it is shown to it again. */
  readonly said: string
  /** What is wrong with it; empty when it fits. */
  readonly problems: readonly string[]
}

/** Throws a StageError `not_json`, `validation` or `limit` when the second answer does not fit either. */
export async function structuredAnswer(
  model: ChatModel,
  messages: readonly ChatMessage[],
  schema: ObjectSchema,
  signal: AbortSignal,
): Promise<Json> {
  const asked = asObjectSchema(schema)
  const ask = asker(model, asked, signal)
  const first = judge(await ask(messages), asked)
  const last = first.problems.length === 0 ? first : judge(await ask([...messages, ...repair(first)]), asked)
  if (last.problems.length > 0) throw doesNotFit(last)
  return asked === schema ? (last.value as Json) : ((last.value as JsonObject).value as Json)
}

/** Providers want an object at the top: anything else is put into one. */
function asObjectSchema(schema: ObjectSchema): ObjectSchema {
  if (schema.type === 'object') return schema
  const { $defs, ...value } = schema
  return {
    type: 'object',
    properties: { value },
    required: ['value'],
    additionalProperties: false,
    ...($defs !== undefined && { $defs }),
  }
}

type Ask = (messages: readonly ChatMessage[]) => Promise<unknown>

/**
 * By a tool call, which every provider has and whose raw answer can be read when it does not fit. Models that have no
 * tools are told in words.
 */
function asker(model: ChatModel, schema: ObjectSchema, signal: AbortSignal): Ask {
  if (typeof model.bindTools === 'function' && typeof model.withStructuredOutput === 'function') {
    const options = { name: 'output', method: 'functionCalling', includeRaw: true } as const
    const structured = model.withStructuredOutput(schema, options)
    return (messages) => structured.invoke(messages, { signal }).then(rawAnswer, unparsedAnswer)
  }
  const rule = `Answer with JSON only, no other text. It must fit this JSON Schema: ${JSON.stringify(schema)}`
  return (messages) => model.invoke(withRule(messages, rule), { signal })
}

/** The model's message; models that give no `raw` give the value alone. */
const rawAnswer = (answer: unknown): unknown =>
  field(answer, 'raw') ?? { content: JSON.stringify(field(answer, 'parsed') ?? answer) }

/** Some models throw when they cannot parse their own answer; that is an answer which does not fit, not a failure. */
function unparsedAnswer(error: unknown): unknown {
  if (error instanceof SyntaxError || field(error, 'name') === 'OutputParserException') {
    return { content: field(error, 'llmOutput') ?? '' }
  }
  throw error
}

const withRule = (messages: readonly ChatMessage[], rule: string): readonly ChatMessage[] =>
  messages.with(-1, { role: 'user', content: `${messages.at(-1)?.content}\n\n${rule}` })

function judge(message: unknown, schema: ObjectSchema): Answer {
  if (wasCut(message)) throw cutShort()
  const said = answerText(message)
  const value = parse(said)
  if (value === undefined) return { value, said, problems: ['it is not JSON'] }
  const found = createValidators().validate(schema, value)
  return { value, said, problems: found.map(({ path, message: what }) => `${path}: ${what}`) }
}

function answerText(message: unknown): string {
  const called = field(field(field(message, 'tool_calls'), '0'), 'args')
  if (called !== undefined) return JSON.stringify(called)
  const invalid = field(field(field(message, 'invalid_tool_calls'), '0'), 'args')
  return typeof invalid === 'string' ? invalid : messageText(message)
}

/** Strictly: half an object is no object, whatever lenient parsers make of it. A code fence around it is forgiven. */
function parse(text: string): Json | undefined {
  const [, fenced] = /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text) ?? []
  try {
    const value: unknown = JSON.parse(fenced ?? text)
    assertJson(value)
    return value
  } catch {
    return undefined
  }
}

const repair = ({ said, problems }: Answer): readonly ChatMessage[] => [
  { role: 'assistant', content: said === '' ? '(nothing)' : said },
  {
    role: 'user',
    content: `Your answer does not fit the schema: ${problems.join('; ')}. Answer again, whole, and so that it fits.`,
  },
]

function doesNotFit({ value, said, problems }: Answer): StageError {
  return new StageError(`The model's answer does not fit \`output\`, also when asked again: ${problems.join('; ')}.`, {
    category: value === undefined ? 'not_json' : 'validation',
    code: value === undefined ? 'not_json' : 'invalid_output',
    details: { problems: [...problems], answer: isJsonObject(value) ? value : said.slice(0, 4_000) },
    retryable: false,
  })
}

const cutShort = (): StageError =>
  new StageError("The model's answer was cut short: it used up its tokens (`max_tokens`).", {
    category: 'limit',
    code: 'answer_cut',
    retryable: false,
  })
