/** The stage kind `uses`: a TypeScript or JavaScript function, from a file, a package or by its registered name. */
import { z } from 'zod'
import { defineStage, type PreflightHost, type StageServices } from '../foundation/stage-kind.ts'
import { builtinFunctions } from './functions/builtin.ts'
import { callFunction, functionContext } from './uses/call.ts'
import { checkUse } from './uses/check-use.ts'
import { createLoader, type Functions, type LoadFunction } from './uses/load.ts'

const schema = z.strictObject({
  uses: z
    .string()
    .min(1)
    .describe(
      "`./file.ts#export` relative to the pipeline's folder, `package#export`, or the name of a registered function. Built in: `core/log`, `core/fail`, `fs/read`, `fs/write`, `fs/glob`.",
    ),
  with: z.record(z.string(), z.unknown()).optional().describe('The input of the function; `{}` by default.'),
})

type UsesConfig = z.infer<typeof schema>

export const uses = defineStage<UsesConfig>({
  name: 'uses',
  docs: {
    summary: 'Calls a function: an export of a TypeScript or JavaScript file, of a package, or a registered one.',
    output: 'What the function returns; null when it returns nothing.',
    example: `name: keep_notes
inputs:
  note: { type: string, default: Tea at four. }
stages:
  - id: notes
    uses: fs/glob
    with: { pattern: "notes/*.txt" }
  - id: say
    uses: core/log
    with: { message: "Found \${{ size(stages.notes.output) }} notes", fields: { note: "\${{ inputs.note }}" } }
outputs:
  notes: \${{ stages.notes.output }}
`,
  },
  schema,
  beside: ['with'],
  slots: {
    uses: { is: 'literal', why: 'Which code runs is chosen by the author of the pipeline, never by data.' },
    with: { is: 'secrets' },
  },
  inheritsRetry: false,
  outputSchema: (_config, declared) => declared ?? true,
  preflight: (config, host) => checkUse(config, (name) => load(name, host)),
  run(config, context) {
    const input = config.with ?? {}
    const loaded = load(config.uses, context)
    return loaded instanceof Promise
      ? loaded.then((found) => callFunction(found, input, context))
      : callFunction(loaded, input, context)
  },
  async undo(output, config, context) {
    const { definition } = await load(config.uses, context)
    await definition.undo?.(output as never, (config.with ?? {}) as never, functionContext(context))
  },
})

/** Functions of the host win over built-in ones of the same name. */
const functionsOf = ({ functions }: StageServices): Functions => ({
  get: (name) => functions.get(name) ?? builtinFunctions.get(name),
  keys: () => new Set([...builtinFunctions.keys(), ...functions.keys()]),
})

/** What was loaded for a host is kept for as long as the host lends its services: those of one stretch of a run. */
const loaders = new WeakMap<StageServices, LoadFunction>()

function load(name: string, { directory, services }: PreflightHost) {
  const known = loaders.get(services)
  if (known) return known(name, directory)
  const made = createLoader(functionsOf(services))
  loaders.set(services, made)
  return made(name, directory)
}
