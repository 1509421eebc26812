/** A text answer, streamed token by token. */
import { StageError } from '../../foundation/errors.ts'
import type { StageContext } from '../../foundation/stage-kind.ts'
import { type ChatMessage, messageText, wasCut } from './messages.ts'
import type { ChatModel } from './model.ts'

export async function textAnswer(
  model: ChatModel,
  messages: readonly ChatMessage[],
  context: StageContext,
): Promise<string> {
  const { signal, outputBytes } = context
  const pieces: string[] = []
  let bytes = 0
  let cut = false
  for await (const chunk of await model.stream(messages, { signal })) {
    cut ||= wasCut(chunk)
    const text = messageText(chunk)
    if (text === '') continue
    bytes += Buffer.byteLength(text)
    if (bytes > outputBytes) throw tooLong(outputBytes)
    pieces.push(text)
    context.token(text)
  }
  if (cut) context.log("The model's answer ends early: it used up its tokens (`max_tokens`).")
  return pieces.join('')
}

const tooLong = (outputBytes: number): StageError =>
  new StageError(`The model's answer is larger than ${outputBytes} bytes (limits.output_bytes).`, {
    category: 'limit',
    code: 'output_too_large',
    details: { output_bytes: outputBytes },
    retryable: false,
  })
