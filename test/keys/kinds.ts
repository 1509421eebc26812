/** Keys of the stage kinds. */
import { expect } from 'vitest'
import { type Effect, type Observed, outputs } from './observe.ts'

const stage = (text: string, head = '') =>
  `name: p\n${head}stages:\n  - { id: a, ${text} }\noutputs: { a: "\${{ stages.a.output }}" }\n`

const asked = ({ requests }: Observed) => requests[0]
const chat = ({ requests }: Observed) => JSON.parse(requests[0]?.body ?? '{}') as Record<string, unknown>
const llm = (options: string) =>
  stage(`llm: ${options}`, 'models: { default: "openai:scripted", other: "openai:other" }\n')

export const kindEffects: readonly Effect[] = [
  {
    key: 'transform',
    path: ['stages', 0, 'transform'],
    yaml: stage('transform: [1, "${{ 1 + 1 }}"]'),
    check: outputs({ a: [1, 2] }),
  },
  {
    key: 'assert',
    path: ['stages', 0, 'assert'],
    yaml: 'name: p\nstages:\n  - { id: a, assert: [{ that: 1 > 2, message: too small }, { that: 2 > 3, message: also }] }\n',
    check: ({ result }) => {
      expect(result.error).toMatchObject({ category: 'assertion' })
      expect(JSON.stringify(result.error?.details)).toMatch(/too small.*also/s)
    },
  },
  {
    key: 'assert.that',
    path: ['stages', 0, 'assert', 0, 'that'],
    yaml: 'name: p\nstages:\n  - { id: a, assert: [{ that: 1 > 2, message: no }] }\n',
    check: ({ result }) => expect(result.error).toMatchObject({ category: 'assertion' }),
  },
  {
    key: 'assert.message',
    path: ['stages', 0, 'assert', 0, 'message'],
    yaml: 'name: p\nstages:\n  - { id: a, assert: [{ that: 1 > 2, message: "one is not ${{ 2 }}" }] }\n',
    check: ({ result }) => expect(JSON.stringify(result.error)).toContain('one is not 2'),
  },
  { key: 'run', path: ['stages', 0, 'run'], yaml: stage('run: "echo hi"'), check: outputs({ a: 'hi' }) },
  {
    key: 'run.cwd',
    path: ['stages', 0, 'cwd'],
    yaml: stage('run: pwd, cwd: /'),
    check: outputs({ a: '/' }),
  },
  {
    key: 'run.stdin',
    path: ['stages', 0, 'stdin'],
    yaml: stage('run: cat, stdin: given'),
    check: outputs({ a: 'given' }),
  },
  {
    key: 'run.shell',
    path: ['stages', 0, 'shell'],
    yaml: stage('run: "echo ${BASH_VERSION:+bash}", shell: bash'),
    check: outputs({ a: 'bash' }),
  },
  {
    key: 'run.expect',
    path: ['stages', 0, 'expect'],
    yaml: stage('run: "echo x; exit 3", expect: { exit_code: [0, 3] }'),
    check: outputs({ a: 'x' }),
  },
  {
    key: 'run.expect.exit_code',
    path: ['stages', 0, 'expect', 'exit_code'],
    yaml: stage('run: "echo x; exit 3", expect: { exit_code: [3] }'),
    check: outputs({ a: 'x' }),
  },
  {
    key: 'run.capture',
    path: ['stages', 0, 'capture'],
    yaml: stage('run: "echo o; echo e >&2", capture: full'),
    check: ({ outputs: found }) => expect(found.a).toEqual({ stdout: 'o\n', stderr: 'e\n', exit_code: 0 }),
  },
  {
    key: 'http',
    path: ['stages', 0, 'http'],
    yaml: stage('http: { url: "@server/x" }'),
    check: (seen) => expect(asked(seen)).toMatchObject({ method: 'GET', url: '/x' }),
  },
  {
    key: 'http.url',
    path: ['stages', 0, 'http', 'url'],
    yaml: stage('http: { url: "@server/x" }'),
    check: (seen) => expect(asked(seen)).toMatchObject({ url: '/x' }),
  },
  {
    key: 'http.method',
    path: ['stages', 0, 'http', 'method'],
    yaml: stage('http: { url: "@server/x", method: DELETE }'),
    check: (seen) => expect(asked(seen)).toMatchObject({ method: 'DELETE' }),
  },
  {
    key: 'http.query',
    path: ['stages', 0, 'http', 'query'],
    yaml: stage('http: { url: "@server/x", query: { q: "a b", n: 1 } }'),
    check: (seen) => expect(asked(seen)?.url).toMatch(/^\/x\?q=a(\+|%20)b&n=1$/),
  },
  {
    key: 'http.headers',
    path: ['stages', 0, 'http', 'headers'],
    yaml: stage('http: { url: "@server/x", headers: { X-Mine: yes please } }'),
    check: (seen) => expect(asked(seen)?.headers).toMatchObject({ 'x-mine': 'yes please' }),
  },
  {
    key: 'http.json',
    path: ['stages', 0, 'http', 'json'],
    yaml: stage('http: { url: "@server/x", method: POST, json: { a: [1] } }'),
    check: (seen) => expect(asked(seen)).toMatchObject({ body: '{"a":[1]}' }),
  },
  {
    key: 'http.body',
    path: ['stages', 0, 'http', 'body'],
    yaml: stage('http: { url: "@server/x", method: POST, body: plain }'),
    check: (seen) => expect(asked(seen)).toMatchObject({ body: 'plain' }),
  },
  {
    key: 'http.auth',
    path: ['stages', 0, 'http', 'auth'],
    yaml: stage('http: { url: "@server/x", auth: { bearer: t } }'),
    check: (seen) => expect(asked(seen)?.headers.authorization).toBe('Bearer t'),
  },
  {
    key: 'http.auth.bearer',
    path: ['stages', 0, 'http', 'auth', 'bearer'],
    yaml: stage('http: { url: "@server/x", auth: { bearer: t } }'),
    check: (seen) => expect(asked(seen)?.headers.authorization).toBe('Bearer t'),
  },
  {
    key: 'http.auth.basic',
    path: ['stages', 0, 'http', 'auth', 'basic'],
    yaml: stage('http: { url: "@server/x", auth: { basic: { user: u, password: w } } }'),
    check: (seen) => expect(asked(seen)?.headers.authorization).toBe(`Basic ${btoa('u:w')}`),
  },
  {
    key: 'http.auth.basic.user',
    path: ['stages', 0, 'http', 'auth', 'basic', 'user'],
    yaml: stage('http: { url: "@server/x", auth: { basic: { user: u, password: w } } }'),
    check: (seen) => expect(asked(seen)?.headers.authorization).toBe(`Basic ${btoa('u:w')}`),
  },
  {
    key: 'http.auth.basic.password',
    path: ['stages', 0, 'http', 'auth', 'basic', 'password'],
    yaml: stage('http: { url: "@server/x", auth: { basic: { user: u, password: w } } }'),
    check: (seen) => expect(asked(seen)?.headers.authorization).toBe(`Basic ${btoa('u:w')}`),
  },
  {
    key: 'http.expect',
    path: ['stages', 0, 'http', 'expect'],
    yaml: stage('http: { url: "@server/fail/404", expect: { status: [404] } }'),
    check: ({ result }) => expect(result.status).toBe('succeeded'),
  },
  {
    key: 'http.expect.status',
    path: ['stages', 0, 'http', 'expect', 'status'],
    yaml: stage('http: { url: "@server/fail/404", expect: { status: [404] } }'),
    check: ({ result }) => expect(result.status).toBe('succeeded'),
  },
  {
    key: 'http.capture',
    path: ['stages', 0, 'http', 'capture'],
    yaml: stage('http: { url: "@server/x", capture: full }'),
    check: ({ outputs: found }) =>
      expect(found.a).toMatchObject({ status: 200, headers: { 'x-served': 'yes' }, body: { url: '/x' } }),
  },
  { key: 'uses', path: ['stages', 0, 'uses'], yaml: stage('uses: "./f.ts#nothing"'), check: outputs({ a: 'called' }) },
  {
    key: 'uses.with',
    path: ['stages', 0, 'with'],
    yaml: stage('uses: "./f.ts#twice", with: { n: "${{ 2 + 1 }}" }'),
    check: outputs({ a: 6 }),
  },
  {
    key: 'llm',
    path: ['stages', 0, 'llm'],
    yaml: llm('{ prompt: Hi }'),
    check: outputs({ a: 'heard 1' }),
  },
  {
    key: 'llm.model',
    path: ['stages', 0, 'llm', 'model'],
    yaml: llm('{ model: other, prompt: Hi }'),
    check: (seen) => expect(chat(seen)).toMatchObject({ model: 'other' }),
  },
  {
    key: 'llm.system',
    path: ['stages', 0, 'llm', 'system'],
    yaml: llm('{ system: Be brief., prompt: Hi }'),
    check: (seen) => expect(JSON.stringify(chat(seen))).toContain('Be brief.'),
  },
  {
    key: 'llm.prompt',
    path: ['stages', 0, 'llm', 'prompt'],
    yaml: llm('{ prompt: { file: prompt.md } }'),
    check: (seen) => expect(JSON.stringify(chat(seen))).toContain('From a file.'),
  },
  {
    key: 'llm.messages',
    path: ['stages', 0, 'llm', 'messages'],
    yaml: llm(
      '{ messages: [{ role: user, content: One }, { role: assistant, content: Two }, { role: user, content: Three }] }',
    ),
    check: outputs({ a: 'heard 3' }),
  },
  {
    key: 'llm.messages.role',
    path: ['stages', 0, 'llm', 'messages', 0, 'role'],
    yaml: llm('{ messages: [{ role: system, content: One }, { role: user, content: Two }] }'),
    check: (seen) =>
      expect(chat(seen)).toMatchObject({
        messages: [{ role: /system|developer/.test('system') && 'system' }, { role: 'user' }],
      }),
  },
  {
    key: 'llm.messages.content',
    path: ['stages', 0, 'llm', 'messages', 0, 'content'],
    yaml: llm('{ messages: [{ role: user, content: One }] }'),
    check: (seen) => expect(chat(seen)).toMatchObject({ messages: [{ content: 'One' }] }),
  },
  {
    key: 'llm.temperature',
    path: ['stages', 0, 'llm', 'temperature'],
    yaml: llm('{ prompt: Hi, temperature: 0.25 }'),
    check: (seen) => expect(chat(seen)).toMatchObject({ temperature: 0.25 }),
  },
  {
    key: 'llm.max_tokens',
    path: ['stages', 0, 'llm', 'max_tokens'],
    yaml: llm('{ prompt: Hi, max_tokens: 33 }'),
    check: (seen) => expect(JSON.stringify(chat(seen))).toMatch(/"max_(completion_)?tokens":33/),
  },
]
