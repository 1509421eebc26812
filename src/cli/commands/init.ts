/** `stagegraph init [name]`: writes a first pipeline, never over a file that is there. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { InputError } from '../../foundation/errors.ts'
import { type AddCommand, examples } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import { quote } from '../next-steps.ts'
import type { Terminal } from '../terminal.ts'

export const addInit: AddCommand = (program, cli) => {
  program
    .command('init')
    .summary('write a first pipeline')
    .description('Writes <name>.yaml, a small pipeline to start from, and says how to run it.')
    .argument('[name]', 'name of the pipeline: lower-case letters, digits and "_"', 'hello')
    .addHelpText('after', examples(['stagegraph init nightly_report', 'writes nightly_report.yaml']))
    .action((name: string) => cli.finish(init(name, cli.terminal)))
}

function init(given: string, { cwd, out }: Terminal): ExitCode {
  const name = given.replace(/\.ya?ml$/, '')
  checkName(name)
  const file = `${name}.yaml`
  write(resolve(cwd, file), file, firstPipeline(name))
  const word = quote(file)
  out.write(
    `Wrote ${file}. Try:\n` +
      `  stagegraph validate ${word}\n` +
      `  stagegraph run ${word} -i name=Ada\n` +
      `  stagegraph graph ${word}\n`,
  )
  return 0
}

function checkName(name: string): void {
  if (/^[a-z][a-z0-9_]*$/.test(name)) return
  const message = 'must start with a lower-case letter and hold only lower-case letters, digits and "_"'
  throw new InputError('That cannot be the name of a pipeline.', [{ name: `"${name}"`, message }])
}

function write(path: string, shown: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' })
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST'
    const message = exists ? 'is there already' : `cannot be written: ${(error as Error).message}`
    throw new InputError(
      'Nothing was written.',
      [{ name: shown, message }],
      exists ? 'Choose another name.' : undefined,
    )
  }
}

/** Shows inputs, a variable, stages side by side, a condition and outputs; needs no network and no key. */
export const firstPipeline = (name: string): string => `# Run me:  stagegraph run ${name}.yaml -i name=Ada
name: ${name}
description: Greets someone, side by side in two languages.

inputs:
  name: { type: string, minLength: 1, description: Whom to greet }
  shout: { type: boolean, default: false }

vars:
  greetings: { type: array, items: { type: string }, merge: append, default: [] }

stages:
  - id: english
    needs: []                      # starts at once
    transform: Hello, \${{ inputs.name }}!
    set: { greetings: "\${{ [output] }}" }

  - id: french
    needs: []                      # beside \`english\`, not after it
    run: printf 'Bonjour, %s !' "$WHO"
    env: { WHO: "\${{ inputs.name }}" }
    set: { greetings: "\${{ [output] }}" }

  - id: loud                       # without \`needs\`: after every stage above
    if: inputs.shout
    transform: \${{ vars.greetings.join(' ').upper() }}

outputs:
  greetings: \${{ vars.greetings }}
  loud: \${{ stages.loud.?output }}
`
