/** What is sent to a chat model, and the text in what comes back. */
import { z } from 'zod'
import { StageError } from '../../foundation/errors.ts'

const message = z.strictObject({
  role: z.enum(['system', 'user', 'assistant']).describe('Who says it.'),
  content: z.string().describe('What is said.'),
})

export const llmSchema = z.strictObject({
  model: z
    .string()
    .min(1)
    .optional()
    .describe('A name under `models:`, a registered model, or `provider:model`. Default: `models.default`.'),
  system: z.string().optional().describe('Instructions that stand before everything; text or `{ file: path }`.'),
  prompt: z.string().optional().describe('What the user says last; text or `{ file: path }`.'),
  messages: z.array(message).min(1).optional().describe('A conversation so far; `prompt`, if there, comes after it.'),
  temperature: z.number().min(0).max(2).optional().describe('0 = always the likeliest word. Default: the model’s.'),
  max_tokens: z.int().min(1).optional().describe('The longest answer, in tokens.'),
})

export type LlmConfig = z.infer<typeof llmSchema>
export type ChatMessage = z.infer<typeof message>

/** In the order in which the model reads them. */
export function conversation({ system, prompt, messages = [] }: LlmConfig): readonly ChatMessage[] {
  if (prompt === undefined && messages.length === 0) {
    throw new StageError('There is nothing to say to the model: give `prompt` or `messages`.', {
      category: 'validation',
      code: 'no_prompt',
      retryable: false,
    })
  }
  return [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    ...messages,
    ...(prompt === undefined ? [] : [{ role: 'user' as const, content: prompt }]),
  ]
}

/** The text of a message or chunk, whose content is text or a list of blocks of which some are text. */
export function messageText(message: unknown): string {
  const content = field(message, 'content')
  if (typeof content === 'string') return content
  return Array.isArray(content) ? content.map(blockText).join('') : ''
}

function blockText(block: unknown): string {
  if (typeof block === 'string') return block
  const text = field(block, 'type') === 'text' ? field(block, 'text') : undefined
  return typeof text === 'string' ? text : ''
}

/** True when the model stopped because it had used its tokens up. Providers name that differently. */
export function wasCut(message: unknown): boolean {
  const metadata = field(message, 'response_metadata')
  const reason = field(metadata, 'finish_reason') ?? field(metadata, 'stop_reason') ?? field(metadata, 'finishReason')
  return (
    typeof reason === 'string' && ['length', 'max_tokens', 'max_token', 'model_length'].includes(reason.toLowerCase())
  )
}

/** `value[name]`, for values of which nothing is known. */
export const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
