/** Diagnostics about what a pipeline names outside itself: files, exports, packages, functions, models. */
import { define } from './define.ts'

const pipeline = (line: string, head = ''): string => `name: example\n${head}stages:\n  - id: first\n    ${line}\n`
const models = 'models: { default: "openai:gpt-5-mini" }\n'

const didYouMean = (near: string | undefined): string | undefined =>
  near === undefined ? undefined : `Did you mean "${near}"?`

export const fileDiagnostics = {
  file_unreadable: define({
    severity: 'error',
    summary: 'A file that the pipeline names cannot be read.',
    explanation:
      'Prompts and the sources of functions are read when the pipeline is compiled, so that a run never starts with half of what it needs. Paths are relative to the folder of the pipeline file.',
    wrong: pipeline('uses: ./nowhere.ts#run'),
    right: pipeline('uses: core/log\n    with: { message: hello }'),
    say: (path: string, reason: string, directory: string) => ({
      message: `"${path}" ${reason}.`,
      hint: `Paths start at the folder of the pipeline file: ${directory}.`,
    }),
  }),
  file_not_text: define({
    severity: 'error',
    summary: 'A file that should hold text holds something else.',
    explanation: 'Prompts and sources are UTF-8 text. The file has bytes that are none.',
    wrong: pipeline('llm: { prompt: { file: picture.png } }', models),
    right: pipeline('llm: { prompt: Describe a picture. }', models),
    say: (path: string, reason: string) => ({ message: `"${path}" ${reason}.`, hint: 'Save it as UTF-8 text.' }),
  }),
  export_missing: define({
    severity: 'error',
    summary: 'The file or package does not export a function of that name.',
    explanation:
      'What stands after `#` is the name of an export. The file is read, not run, to find its exports; types do not count.',
    wrong: pipeline('uses: ./functions.ts#annonce'),
    right: pipeline('uses: core/log\n    with: { message: hello }'),
    say: (file: string, name: string, names: readonly string[], near: string | undefined) => ({
      message: `"${file}" does not export "${name}".`,
      hint:
        didYouMean(near) ?? (names.length > 0 ? `It exports: ${names.slice(0, 8).join(', ')}.` : 'It exports nothing.'),
    }),
  }),
  not_erasable: define({
    severity: 'error',
    summary: 'A TypeScript file uses syntax that is more than types.',
    explanation:
      'Node runs TypeScript by erasing types. `enum`, parameter properties, namespaces with code and `import x = require()` need a compiler, which is not part of a run. Write a constant object instead of an enum, and assign fields in the constructor. A file that has a syntax error is reported here, too.',
    wrong: pipeline('uses: ./colours.ts#paint'),
    right: pipeline('uses: core/log\n    with: { message: hello }'),
    say: (file: string, what: string, line: number | undefined, isSyntaxError: boolean) => ({
      message: `"${file}"${line === undefined ? '' : `, line ${line}`}: ${what}.`,
      hint: isSyntaxError
        ? 'Mend the file; it could not be loaded as it is.'
        : 'Only types that can be erased may be used: no enum, no parameter properties, no namespaces.',
    }),
  }),
  bad_reference: define({
    severity: 'error',
    summary: 'A reference to a function has none of the forms that exist.',
    explanation:
      'A function is named by `./file.ts#export`, by `package#export`, or by the name under which it was registered, such as `core/log`.',
    wrong: pipeline('uses: ./functions.ts'),
    right: pipeline('uses: core/log\n    with: { message: hello }'),
    say: (text: string) => ({
      message: `"${text}" does not name a function.`,
      hint: 'Write ./file.ts#export, package#export, or the name of a registered function.',
    }),
  }),
  unknown_registered_function: define({
    severity: 'error',
    summary: 'No function is registered under that name.',
    explanation:
      'Names without `#` are functions that come along (`core/log`, `core/fail`, `fs/read`, `fs/write`, `fs/glob`) or that a program registers with `createEngine({ functions })` and `compile(…, { functions })`.',
    wrong: pipeline('uses: core/lgo\n    with: { message: hello }'),
    right: pipeline('uses: core/log\n    with: { message: hello }'),
    say: (name: string, near: string | undefined, names: readonly string[]) => ({
      message: `No function is registered as "${name}".`,
      hint: didYouMean(near) ?? `There are: ${names.slice(0, 10).join(', ')}.`,
    }),
  }),
  unknown_model: define({
    severity: 'error',
    summary: 'A stage names a model that is neither declared nor a provider and a model.',
    explanation:
      'A model is a name under `models:`, or `provider:model` such as `openai:gpt-5-mini`. Without `model:` a stage uses `models.default`.',
    wrong: pipeline('llm: { model: chaep, prompt: Hi }', 'models: { cheap: "openai:gpt-5-nano" }\n'),
    right: pipeline('llm: { model: cheap, prompt: Hi }', 'models: { cheap: "openai:gpt-5-nano" }\n'),
    say: (name: string | undefined, near: string | undefined) => ({
      message: name === undefined ? 'There is no default model.' : `There is no model "${name}".`,
      hint:
        name === undefined
          ? 'Declare models: { default: "provider:model" }, or name a model here.'
          : (didYouMean(near) ?? 'Declare it under models:, or write provider:model.'),
    }),
  }),
  package_unreadable: define({
    severity: 'error',
    summary: 'A package cannot be found from the folder of the pipeline.',
    explanation:
      'Packages are looked up in `node_modules` as Node does it, from the folder of the pipeline file upwards.',
    wrong: pipeline('uses: no-such-package#run'),
    right: pipeline('uses: core/log\n    with: { message: hello }'),
    say: (specifier: string, directory: string) => ({
      message: `The package "${specifier}" is not found from ${directory}.`,
      hint: specifier.startsWith('node:')
        ? 'Modules of Node are no packages; export what you need from a file of your own.'
        : `Install it there: npm install ${specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')}`,
    }),
  }),
}
