/** Answers to waits as the command line gives them: `--answer <wait>=<answer>`. */
import { InputError } from '../foundation/errors.ts'
import type { Json } from '../foundation/json.ts'

/** What is JSON is taken as that, anything else as text. Throws InputError. */
export function readAnswers(given: readonly string[]): Record<string, Json> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw noAnswer(text)
      return [text.slice(0, at), jsonOrText(text.slice(at + 1))]
    }),
  )
}

function noAnswer(text: string): InputError {
  const message = `"${text}" is no answer: write <wait>=<answer>.`
  return new InputError(message, [{ name: 'answer', message }], 'What a run waits for: stagegraph show <thread>')
}

export function jsonOrText(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
