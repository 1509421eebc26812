import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { JsonSchema } from '../../src/foundation/plan.ts'
import { groupAlive } from '../../src/stages/process/group.ts'
import { run } from '../../src/stages/run.ts'
import { failureOf, runKind, temporaryFolder } from './support.ts'

const object: JsonSchema = { type: 'object' }

test('a text is a shell command; its output is text without the last newline', async () => {
  const { output, said } = await runKind(run, { run: 'printf "a\\n\\n"; echo warning >&2' })
  expect(output).toBe('a\n')
  expect(said).toMatchObject({ stdout: 'a\n\n', stderr: 'warning\n' })
})

test('a list is started without a shell, numbers and booleans as text', async () => {
  const { output } = await runKind(run, { run: ['printf', '%s|', '$HOME `id`', 7, true] })
  expect(output).toBe('$HOME `id`|7|true|')
})

test('any text arrives exactly as an argument and as a variable', async () => {
  const canary = temporaryFolder()
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      `$(touch ${canary}/x)`,
      `\`touch ${canary}/x\``,
      `'; touch ${canary}/x; '`,
      `"; touch ${canary}/x; "`,
      '-rf',
      '--upload-pack=x',
      'a\nb\n',
      '\\',
      '',
      '%s%n',
      '*',
      '~',
      '$IFS',
      '!!',
    ),
  )
  const texts = fc.array(
    hostile.map((text) => text.replaceAll('\0', '')),
    { minLength: 1, maxLength: 100 },
  )
  await fc.assert(
    fc.asyncProperty(texts, async (values) => {
      const { output } = await runKind(run, { run: ['printf', '%s\\0', ...values] })
      expect(output).toBe(values.map((value) => `${value}\0`).join(''))
      const text = values.join('')
      const { output: echoed } = await runKind(run, { run: 'printf "%s." "$VALUE"' }, { env: { VALUE: text } })
      expect(echoed).toBe(`${text}.`)
    }),
    { numRuns: 30 },
  )
  expect(readdirSync(canary)).toEqual([])
}, 60_000)

test('the environment is a short list and the own variables of the stage', async () => {
  process.env.STAGES_TEST_SECRET = 'leak'
  const { output } = await runKind(run, { run: ['env', '-0'] }, { env: { NAME: 'a\nb', HOME: '/elsewhere' } })
  delete process.env.STAGES_TEST_SECRET
  const seen = Object.fromEntries(
    String(output)
      .split('\0')
      .filter(Boolean)
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
  const inherited = ['PATH', 'TMPDIR', 'LANG'].filter((name) => process.env[name] !== undefined)
  expect(Object.keys(seen).sort()).toEqual(
    ['HOME', 'NAME', 'STAGEGRAPH_IDEMPOTENCY_KEY', 'STAGEGRAPH_OUTPUT', ...inherited].sort(),
  )
  expect(seen).toMatchObject({ NAME: 'a\nb', HOME: '/elsewhere', STAGEGRAPH_IDEMPOTENCY_KEY: 'key-1' })
  expect(seen.PATH).toBe(process.env.PATH)
})

test.each([
  [{ 'A B': 'x' }, '"A B" cannot be the name'],
  [{ STAGEGRAPH_OUTPUT: 'x' }, 'is set by Stagegraph'],
  [{ A: 'x\0y' }, 'holds the NUL character'],
])('refuses the environment %j', async (env, message) => {
  const failure = await failureOf(runKind(run, { run: 'true' }, { env }))
  expect(failure).toMatchObject({ category: 'validation', code: 'bad_environment', retryable: false })
  expect(failure.message).toContain(message)
})

test('runs in the folder of the pipeline, or in cwd relative to it', async () => {
  const directory = temporaryFolder()
  mkdirSync(join(directory, 'sub'))
  expect((await runKind(run, { run: 'pwd' }, { directory })).output).toBe(directory)
  expect((await runKind(run, { run: 'pwd', cwd: 'sub' }, { directory })).output).toBe(join(directory, 'sub'))
})

test('a relative program is found from cwd', async () => {
  const directory = temporaryFolder()
  writeFileSync(join(directory, 'hello'), '#!/bin/sh\necho "hello $1"\n')
  chmodSync(join(directory, 'hello'), 0o755)
  expect((await runKind(run, { run: ['./hello', 'you'] }, { directory })).output).toBe('hello you')
})

test('stdin: text as it is, other values as JSON, closed when absent', async () => {
  expect((await runKind(run, { run: 'cat', stdin: 'tea\n' })).output).toBe('tea')
  expect((await runKind(run, { run: 'cat', stdin: { a: [1] } })).output).toBe('{"a":[1]}')
  expect((await runKind(run, { run: 'cat' })).output).toBe('')
})

test('the default shell stops at the first command that fails', async () => {
  const directory = temporaryFolder()
  const failure = await failureOf(runKind(run, { run: 'false\ntouch mark' }, { directory }))
  expect(failure.category).toBe('exit_code')
  expect(existsSync(join(directory, 'mark'))).toBe(false)
})

test('shell: bash also stops inside pipes; a list is taken as it stands', async () => {
  expect((await runKind(run, { run: 'false | cat' })).output).toBe('')
  expect((await failureOf(runKind(run, { run: 'false | cat', shell: 'bash' }))).category).toBe('exit_code')
  expect((await runKind(run, { run: 'false; echo on', shell: ['sh', '-c'] })).output).toBe('on')
  expect((await runKind(run, { run: 'process.stdout.write("js")', shell: [process.execPath, '-e'] })).output).toBe('js')
})

test('an exit code that is not expected fails with code, signal and the end of stderr', async () => {
  const failure = await failureOf(runKind(run, { run: 'echo first >&2; echo the reason >&2; exit 3' }))
  expect(failure).toMatchObject({ category: 'exit_code', retryable: true })
  expect(failure.message).toBe('The command ended with exit code 3: the reason')
  expect(failure.details).toEqual({ exit_code: 3, signal: null, stderr: 'first\nthe reason' })
  const killed = await failureOf(runKind(run, { run: 'kill -9 $$' }))
  expect(killed.message).toBe('The command was ended by SIGKILL.')
  expect(killed.details).toMatchObject({ exit_code: null, signal: 'SIGKILL' })
})

test('expect names the exit codes that are success', async () => {
  const config = { run: 'exit 1', expect: { exit_code: [0, 1] } }
  expect((await runKind(run, config)).output).toBe('')
  const failure = await failureOf(runKind(run, { run: 'exit 0', expect: { exit_code: [1] } }))
  expect(failure.message).toBe('The command ended with exit code 0 (expected 1).')
})

test('a command that the shell does not find says so', async () => {
  const failure = await failureOf(runKind(run, { run: 'no_such_command_here' }))
  expect(failure.message).toContain('exit code 127 (command not found)')
})

test.each([
  [{ run: ['no_such_program_here'] }, 'command_not_found', 'There is no command "no_such_program_here".'],
  [{ run: ['/etc/passwd'] }, 'command_not_started', 'it is not executable'],
  [{ run: 'true', cwd: 'nowhere' }, 'folder_missing', 'does not exist.'],
  [{ run: 'true', cwd: '/etc/passwd' }, 'folder_missing', 'is no folder.'],
  [{ run: ['echo', 'a\0b'] }, 'bad_command', 'NUL character'],
  [{ run: ['', 'x'] }, 'bad_command', 'The command is empty.'],
])('%j cannot be started: %s', async (config, code, message) => {
  const failure = await failureOf(runKind(run, config))
  expect(failure).toMatchObject({ category: 'validation', code, retryable: false })
  expect(failure.message).toContain(message)
})

test('capture: full gives stdout, stderr and the exit code', async () => {
  const config = { run: 'echo a; echo b >&2; exit 2', capture: 'full', expect: { exit_code: [2] } }
  expect((await runKind(run, config)).output).toEqual({ stdout: 'a\n', stderr: 'b\n', exit_code: 2 })
})

test('another declared type than text is JSON from stdout', async () => {
  expect((await runKind(run, { run: `echo '{"a":1}'` }, { outputSchema: object })).output).toEqual({ a: 1 })
  expect((await runKind(run, { run: 'echo 7' }, { outputSchema: { type: 'integer' } })).output).toBe(7)
})

test('the file $STAGEGRAPH_OUTPUT goes before stdout, which is then only a log', async () => {
  const command = `echo working; echo '{"a":2}' > "$STAGEGRAPH_OUTPUT"`
  const { output, said } = await runKind(run, { run: command }, { outputSchema: object })
  expect(output).toEqual({ a: 2 })
  expect(said.stdout).toBe('working\n')
})

test.each<[JsonSchema]>([
  [{ type: 'string' }],
  [{ enum: ['1', '2'] }],
  [{ type: ['string', 'null'] }],
  [{ const: '1' }],
])('declared text %j is not parsed', async (outputSchema) => {
  expect((await runKind(run, { run: 'echo 1' }, { outputSchema })).output).toBe('1')
})

test.each([
  ['echo oops', 'The output of the command is not JSON: '],
  ['true', 'The output of the command is not JSON: it is empty.'],
  ['echo "{" > "$STAGEGRAPH_OUTPUT"', 'What the command wrote to $STAGEGRAPH_OUTPUT is not JSON: '],
  [`echo '{"__proto__":1}'`, 'not JSON at $.__proto__'],
])('%s: bad JSON fails the stage as not_json', async (command, message) => {
  const failure = await failureOf(runKind(run, { run: command }, { outputSchema: object }))
  expect(failure).toMatchObject({ category: 'not_json', retryable: false })
  expect(failure.message).toContain(message)
})

test('more output than allowed ends the command, on stdout, and in the file', async () => {
  const limit = { outputBytes: 1_000, outputSchema: object }
  for (const command of ['yes | head -c 5000; sleep 1000', 'yes | head -c 5000 > "$STAGEGRAPH_OUTPUT"']) {
    const failure = await failureOf(runKind(run, { run: command }, limit))
    expect(failure).toMatchObject({ category: 'limit', code: 'output_too_large', retryable: false })
  }
})

test('cancelling rejects with the reason of the signal, when the command is gone', async () => {
  const abort = new AbortController()
  const directory = temporaryFolder()
  const done = runKind(run, { run: 'echo $$ > pid; sleep 1000 & wait' }, { signal: abort.signal, directory })
  const pid = () => (existsSync(join(directory, 'pid')) ? Number(readFileSync(join(directory, 'pid'), 'utf8')) : 0)
  while (pid() === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  abort.abort(new Error('cancelled'))
  await expect(done).rejects.toThrow('cancelled')
  expect(groupAlive(pid())).toBe(false)
})

test('nothing stays in the temporary folder', async () => {
  vi.stubEnv('TMPDIR', temporaryFolder()) // one of its own: other tests use the common one at the same time
  try {
    await runKind(run, { run: 'echo 1 > "$STAGEGRAPH_OUTPUT"' })
    await failureOf(runKind(run, { run: 'echo 1 > "$STAGEGRAPH_OUTPUT"; exit 1' }))
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('stagegraph-'))).toEqual([])
  } finally {
    vi.unstubAllEnvs()
  }
})

test('the type of the output is text, unless something else is declared or captured', () => {
  expect(run.outputSchema?.({ run: 'x' }, undefined)).toEqual({ type: 'string' })
  expect(run.outputSchema?.({ run: 'x' }, object)).toBe(object)
  expect(run.outputSchema?.({ run: 'x', capture: 'full' }, undefined)).toMatchObject({
    required: ['stdout', 'stderr', 'exit_code'],
  })
})

test.each([
  [{ run: '' }],
  [{ run: [] }],
  [{ run: 'x', shell: [] }],
  [{ run: 'x', capture: 'some' }],
  [{ run: 'x', expect: { exit_code: [] } }],
  [{ run: 'x', expect: { exit_code: [256] } }],
  [{ run: 'x', sdtin: 'y' }],
])('refuses the configuration %j', (config) => {
  expect(run.schema.safeParse(config).success).toBe(false)
})
