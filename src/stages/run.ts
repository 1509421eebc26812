/**
 * The stage kind `run`: a command.
 *
 * The command text is never a template; data goes in by `env:`, `stdin:` or as single arguments of the list form, so
 * nothing that comes from outside is ever read by a shell.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { StageError } from '../foundation/errors.ts'
import { isJsonObject, type Json } from '../foundation/json.ts'
import type { JsonSchema } from '../foundation/plan.ts'
import { defineStage, type StageContext } from '../foundation/stage-kind.ts'
import type { Mark } from './process/mark.ts'
import { type ProcessResult, runProcess } from './process.ts'
import { argvOf } from './run/command.ts'
import { commandEnvironment } from './run/environment.ts'
import { checkFolder, endedBadly, notStarted } from './run/failures.ts'
import { commandOutput, tooMuchOutput } from './run/output.ts'

/** Milliseconds a command has between SIGTERM and SIGKILL when it is timed out or cancelled. */
export const commandGraceMs = 5_000

const argument = z.union([z.string(), z.number(), z.boolean()])

const schema = z.strictObject({
  run: z
    .union([z.string().min(1), z.array(argument).min(1)])
    .describe(
      'The command: text for the shell (no `${{ }}` in it), or a list of program and arguments that is started without a shell and may hold `${{ }}`.',
    ),
  cwd: z.string().optional().describe("Folder to run in, relative to the pipeline's folder, which is the default."),
  stdin: z
    .unknown()
    .optional()
    .describe('What the command reads from standard input: text as it is, other values as JSON. Closed by default.'),
  shell: z
    .union([z.string().min(1), z.array(z.string()).min(1)])
    .optional()
    .describe(
      'Shell for a command text: a name (`sh`, the default, stops at the first failing command; `bash` also in pipes) or a list to which the text is added, such as `[python3, -c]`.',
    ),
  expect: z
    .strictObject({
      exit_code: z.array(z.int().min(0).max(255)).min(1).describe('Exit codes that count as success. Default: `[0]`.'),
    })
    .optional()
    .describe('What counts as success.'),
  capture: z.literal('full').optional().describe('`full` = the output is `{stdout, stderr, exit_code}`.'),
})

type RunConfig = z.infer<typeof schema>

const fullSchema: JsonSchema = {
  type: 'object',
  properties: { stdout: { type: 'string' }, stderr: { type: 'string' }, exit_code: { type: 'integer' } },
  required: ['stdout', 'stderr', 'exit_code'],
  additionalProperties: false,
}

export const run = defineStage<RunConfig>({
  name: 'run',
  docs: {
    summary: 'Runs a command in a process group of its own, with a short and explicit environment.',
    output:
      'Standard output as text without its last newline. With `output:` of another type than text: the JSON that the command wrote to the file `$STAGEGRAPH_OUTPUT`, or else to standard output. With `capture: full`: `{stdout, stderr, exit_code}`.',
    example: `name: count_words
inputs:
  text: { type: string, default: one two three }
stages:
  - id: count
    run: wc -w
    stdin: \${{ inputs.text }}
  - id: report
    run: printf '{"words":%s}' "$WORDS" > "$STAGEGRAPH_OUTPUT"
    env: { WORDS: "\${{ stages.count.output.trim() }}" }
    output: { words: integer }
outputs:
  words: \${{ stages.report.output.words }}
`,
  },
  schema,
  beside: ['cwd', 'stdin', 'shell', 'expect', 'capture'],
  slots: {
    run: {
      is: 'literal',
      code: 'expression_in_command',
      why: 'Move the value to env: and write "$NAME" in the command, or use the list form, whose arguments no shell reads.',
    },
    shell: { is: 'literal', why: 'The shell is chosen by the author of the pipeline, never by data.' },
    'shell.*': { is: 'literal', why: 'The shell is chosen by the author of the pipeline, never by data.' },
    capture: { is: 'literal', why: 'The type of the output depends on it.' },
    stdin: { is: 'secrets' },
  },
  env: true,
  inheritsRetry: false,
  outputSchema: (config, declared) => declared ?? (capturesAll(config) ? fullSchema : { type: 'string' }),
  run: runCommand,
})

const capturesAll = (config: Json): boolean => isJsonObject(config) && config.capture === 'full'

async function runCommand(config: RunConfig, context: StageContext): Promise<Json> {
  if (process.platform === 'win32') throw unsupported()
  const cwd = resolve(context.directory, config.cwd ?? '.')
  await checkFolder(cwd)
  const folder = await mkdtemp(join(tmpdir(), 'stagegraph-'))
  try {
    return await runIn(folder, cwd, config, context)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function runIn(folder: string, cwd: string, config: RunConfig, context: StageContext): Promise<Json> {
  const file = join(folder, 'output')
  const full = config.capture === 'full'
  const ended = await start({ file, cwd, full }, config, context)
  const expected = config.expect?.exit_code ?? [0]
  if (ended.tooMuch) throw tooMuchOutput(context.outputBytes)
  if (ended.exitCode === null || !expected.includes(ended.exitCode)) throw endedBadly(ended, expected)
  if (full) return { stdout: ended.stdout, stderr: ended.stderr, exit_code: ended.exitCode }
  const { outputSchema: declared, outputBytes: maxBytes } = context
  return commandOutput({ stdout: ended.stdout, file, declared, maxBytes })
}

interface Place {
  readonly file: string
  readonly cwd: string
  readonly full: boolean
}

async function start({ file, cwd, full }: Place, config: RunConfig, context: StageContext): Promise<ProcessResult> {
  const argv = argvOf(config.run, config.shell)
  const { idempotencyKey, signal, outputBytes: maxBytes } = context
  const env = commandEnvironment(context.env, { outputFile: file, idempotencyKey, ...markOf(context) })
  try {
    return await runProcess({
      argv,
      cwd,
      env,
      maxBytes,
      signal,
      keepStderr: full,
      graceMs: commandGraceMs,
      onOutput: (stream, text) => context.output(stream, text),
      onNote: (message) => context.log(message),
      ...(config.stdin !== undefined && { stdin: stdinText(config.stdin) }),
    })
  } catch (error) {
    if (signal.aborted || error instanceof StageError) throw error
    throw notStarted(error, argv)
  }
}

function markOf({ run: { engine, threadId: thread }, stage }: StageContext): { mark?: Mark } {
  return engine === undefined ? {} : { mark: { engine, thread, stage } }
}

const stdinText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

const unsupported = (): StageError =>
  new StageError('Commands are not supported on Windows: process groups cannot be ended there. Use WSL.', {
    category: 'validation',
    code: 'unsupported_platform',
    retryable: false,
  })
