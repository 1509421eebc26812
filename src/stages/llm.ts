/** The stage kind `llm`: one call of a chat model, for text or for an object that fits `output:`. */
import type { Json } from '../foundation/json.ts'
import type { JsonSchema } from '../foundation/plan.ts'
import { defineStage, type StageContext } from '../foundation/stage-kind.ts'
import { modelFailure } from './llm/failures.ts'
import { conversation, type LlmConfig, llmSchema } from './llm/messages.ts'
import { findModel } from './llm/model.ts'
import { structuredAnswer } from './llm/structured.ts'
import { textAnswer } from './llm/text.ts'
import { wantsText } from './output-type.ts'

export const llm = defineStage<LlmConfig>({
  name: 'llm',
  docs: {
    summary: 'Asks a chat model once, through LangChain.',
    output:
      'The answer as text, streamed token by token; or, with `output:` of another type than text, a value that fits it (an answer that does not fit is sent back once).',
    example: `name: sort_mail
inputs:
  mail: { type: string, default: Where is my parcel? }
models:
  default: openai:gpt-5-mini
stages:
  - id: sort
    llm:
      system: You sort mail for a small shop.
      prompt: "Which department should read this? \${{ inputs.mail }}"
      temperature: 0
    output: { department: { enum: [sales, shipping, other] }, urgent: boolean }
outputs:
  department: \${{ stages.sort.output.department }}
`,
  },
  schema: llmSchema,
  slots: {
    model: { is: 'literal', why: 'Which model is asked is chosen by the author of the pipeline, never by data.' },
    system: { is: 'prompt' },
    prompt: { is: 'prompt' },
  },
  inheritsRetry: true,
  outputSchema: (_config, declared) => declared ?? { type: 'string' },
  run: askModel,
})

async function askModel(config: LlmConfig, context: StageContext): Promise<Json> {
  const messages = conversation(config)
  const model = await findModel(config, context)
  const { outputSchema: schema, signal } = context
  try {
    if (schema === undefined || schema === true || isFreeText(schema)) return await textAnswer(model, messages, context)
    return await structuredAnswer(model, messages, schema, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw modelFailure(error)
  }
}

/** One of a list of words is a choice, which the model has to be held to, not free text. */
const isFreeText = (schema: JsonSchema): boolean =>
  wantsText(schema) && schema !== true && schema.enum === undefined && schema.const === undefined
