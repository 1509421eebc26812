/**
 * A function looked at before a run starts: it loads, it takes what is written out for it, and secrets go only into
 * fields that it marks.
 */
import type { z } from 'zod'
import { StageError } from '../../foundation/errors.ts'
import type { Json } from '../../foundation/json.ts'
import type { RegisteredFunction } from '../../foundation/stage-kind.ts'
import { sourcesOf, type Template } from '../../foundation/template.ts'
import { fit } from './call.ts'
import type { LoadFunction } from './load.ts'

/** Throws, or rejects with, a StageError. `config` is `{ uses, with? }` as it stands in the plan. */
export function checkUse(config: Template, load: (uses: string) => ReturnType<LoadFunction>): Promise<void> | void {
  const uses = fieldOf(config, 'uses')
  if (uses?.kind !== 'literal' || typeof uses.value !== 'string') return
  const name = uses.value
  const loaded = load(name)
  return loaded instanceof Promise
    ? loaded.then(({ definition }) => checkWith(config, name, definition))
    : checkWith(config, name, loaded.definition)
}

function checkWith(config: Template, uses: string, { input, secrets = [] }: RegisteredFunction): Promise<void> | void {
  const given = fieldOf(config, 'with') ?? { kind: 'literal', value: {} }
  refuseSecrets(given, uses, secrets)
  if (input && given.kind === 'literal') return checkInput(given.value, input)
}

async function checkInput(value: Json, schema: z.ZodType): Promise<void> {
  await fit(value, schema, { what: 'input', root: 'with' })
}

function fieldOf(template: Template, name: string): Template | undefined {
  if (template.kind === 'map') return template.entries.find(([key]) => key === name)?.[1]
  if (template.kind !== 'literal') return undefined
  const value = (template.value as Record<string, Json | undefined> | null)?.[name]
  return value === undefined ? undefined : { kind: 'literal', value }
}

function refuseSecrets(input: Template | undefined, uses: string, marked: readonly string[]): void {
  if (input?.kind !== 'map') return
  const open = input.entries.find(([name, value]) => !marked.includes(name) && sourcesOf(value).some(readsSecret))
  if (!open) return
  throw new StageError(`"with.${open[0]}" gets a secret, but "${uses}" does not mark that field as one.`, {
    category: 'policy',
    code: 'secret_not_allowed',
    retryable: false,
  })
}

/** Errs on the safe side: a text that only looks like it counts, too. */
const readsSecret = (source: string): boolean => /\bsecrets\b/.test(source)
