/** A chat model that answers by a script and keeps what it was asked: examples and tests need no network and no key. */
export interface Message {
  readonly role: string
  readonly content: string
}

export interface ScriptedModel {
  /** What it was asked, in order: the last message of each call. */
  readonly prompts: readonly string[]
  /** The largest number of calls that were under way at once. */
  readonly most: number
  invoke(messages: readonly Message[]): Promise<{ content: string }>
  stream(messages: readonly Message[]): Promise<AsyncIterable<{ content: string }>>
}

/** `answer` gives text, or a value that is sent as JSON; it may throw, and may take its time. */
export function scriptedModel(answer: (prompt: string, call: number) => unknown): ScriptedModel {
  const prompts: string[] = []
  let running = 0
  let most = 0
  async function invoke(messages: readonly Message[]) {
    const prompt = (messages.at(-1)?.content ?? '').split('\n\nAnswer with JSON only')[0] ?? ''
    prompts.push(prompt)
    most = Math.max(most, ++running)
    try {
      const value = await answer(prompt, prompts.length - 1)
      return { content: typeof value === 'string' ? value : JSON.stringify(value) }
    } finally {
      running--
    }
  }
  async function* pieces(answered: { content: string }) {
    yield answered
  }
  return {
    prompts,
    get most() {
      return most
    },
    invoke,
    stream: async (messages) => pieces(await invoke(messages)),
  }
}
