/** Asks a person for the inputs that are missing, one after the other, until each fits. */
import type { Json, JsonObject } from '../foundation/json.ts'
import type { InputPlan, Plan } from '../foundation/plan.ts'
import { BadInput, type CheckValue, checked, parseValue } from './inputs.ts'
import { safeLine } from './render/text.ts'
import { describeSchema } from './schema-words.ts'
import type { Terminal } from './terminal.ts'

/** The answers; undefined when the input ended before all were given. */
export async function askInputs(
  declared: Plan['inputs'],
  names: readonly string[],
  terminal: Pick<Terminal, 'ask' | 'err'>,
  check: CheckValue,
): Promise<JsonObject | undefined> {
  const answers = new Map<string, Json>()
  for (const name of names) {
    const answer = await askOne(name, declared[name] as InputPlan, terminal, check)
    if (answer === undefined) return undefined
    answers.set(name, answer)
  }
  return Object.fromEntries(answers)
}

async function askOne(
  name: string,
  input: InputPlan,
  terminal: Pick<Terminal, 'ask' | 'err'>,
  check: CheckValue,
): Promise<Json | undefined> {
  for (;;) {
    const text = await terminal.ask(question(name, input))
    if (text === undefined) return undefined
    try {
      return checked(parseValue(input.schema, text), input, check)
    } catch (error) {
      if (!(error instanceof BadInput)) throw error
      terminal.err.write(`  ${name} ${safeLine(error.message)}\n`)
    }
  }
}

/** `topic: What to research (text) ` */
export const question = (name: string, { description, schema }: InputPlan): string =>
  `${name}${description ? `: ${safeLine(description)}` : ''} (${describeSchema(schema)}): `
