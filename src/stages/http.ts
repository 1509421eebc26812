/** The stage kind `http`: one request. */
import { isJsonObject, type Json, type JsonObject } from '../foundation/json.ts'
import type { JsonSchema } from '../foundation/plan.ts'
import { defineStage, type StageContext } from '../foundation/stage-kind.ts'
import { parseBody, readBody, readStart } from './http/body.ts'
import { type HttpConfig, httpSchema, idempotentMethods } from './http/config.ts'
import { unexpectedStatus } from './http/failures.ts'
import { buildRequest } from './http/request.ts'
import { send } from './http/send.ts'

/** How much of the body of a failure goes into the error's details, in bytes. */
const failureBodyBytes = 4_096

const fullSchema: JsonSchema = {
  type: 'object',
  properties: {
    status: { type: 'integer' },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
    body: {},
  },
  required: ['status', 'headers', 'body'],
  additionalProperties: false,
}

export const http = defineStage<HttpConfig>({
  name: 'http',
  docs: {
    summary: 'Sends one HTTP request.',
    output:
      'The body: JSON as a value, text as text, anything else as base64, nothing as null. Where `output:` declares text the body is not parsed; where it declares another type, a text body is read as JSON. With `capture: full`: `{status, headers, body}`.',
    example: `name: ask_and_tolerate
inputs:
  url: { type: string, default: "http://127.0.0.1:9/prices" }
stages:
  - id: prices
    http:
      url: \${{ inputs.url }}
      query: { currency: EUR }
      headers: { accept: application/json }
    output: { coffee: number }
    retry: { attempts: 2, delay: 10ms }
    on_error: { continue: { coffee: 3.5 } }
outputs:
  coffee: \${{ stages.prices.output.?coffee }}
`,
  },
  schema: httpSchema,
  slots: {
    headers: { is: 'secrets' },
    auth: { is: 'secrets' },
    json: { is: 'secrets' },
    body: { is: 'secrets' },
    capture: { is: 'literal', why: 'The type of the output depends on it.' },
  },
  inheritsRetry: ({ method = 'GET' }: JsonObject) => typeof method === 'string' && idempotentMethods.has(method),
  outputSchema: (config, declared) => declared ?? (capturesAll(config) ? fullSchema : true),
  run: request,
})

const capturesAll = (config: Json): boolean => isJsonObject(config) && config.capture === 'full'

async function request(config: HttpConfig, context: StageContext): Promise<Json> {
  const { signal, services, outputBytes, outputSchema } = context
  const expected = config.expect?.status
  const answer = await send(buildRequest(config, context.idempotencyKey), { fetch: services.fetch, signal, expected })
  const { response } = answer
  if (!(expected ? expected.includes(response.status) : response.ok)) {
    throw unexpectedStatus(answer.request, response, await readStart(answer, failureBodyBytes))
  }
  const full = config.capture === 'full'
  const bytes = await readBody(answer, outputBytes, signal)
  const body = parseBody(bytes, response.headers, full ? undefined : outputSchema)
  return full ? { status: response.status, headers: Object.fromEntries(response.headers), body } : body
}
