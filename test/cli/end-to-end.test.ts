/**
 * The program as people use it: real processes, files, signals and terminals.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname

/** Halves the start of every process: types are stripped once. */
const compileCache = join(tmpdir(), 'stagegraph-compile-cache')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-e2e-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

interface Running extends PromiseLike<Ended> {
  kill(signal: NodeJS.Signals): void
  /** Resolves as soon as stdout and stderr together hold `text`. */
  says(text: string): Promise<void>
}

function start(command: string, args: readonly string[], env: Record<string, string> = {}, input?: string): Running {
  const child = spawn(command, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', NODE_COMPILE_CACHE: compileCache, ...env },
    stdio: 'pipe',
  })
  let [out, err] = ['', '']
  const waiting = new Set<() => void>()
  const onText = () => {
    for (const look of waiting) look()
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    onText()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
    onText()
  })
  child.stdin.on('error', () => undefined)
  if (input !== undefined) child.stdin.end(input)
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, out, err })))
  return {
    then: (...handlers) => ended.then(...handlers),
    kill: (signal) => void child.kill(signal),
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!`${out}${err}`.includes(text)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
        ended.then(() => reject(new Error(`It never said "${text}":\n${out}\n${err}`)))
      }),
  }
}

const stagegraph = (...args: string[]): Running => start(process.execPath, [main, ...args])
const file = (name: string, text: string): void => writeFileSync(join(folder, name), text)
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

const greet = `
name: greet
inputs:
  name: { type: string, description: Whom to greet }
  times: { type: integer, default: 1 }
stages:
  - id: hello
    run: printf 'hello %s\\n' "$WHO"; echo again
    env: { WHO: "\${{ inputs.name }}" }
  - id: loud
    transform: \${{ inputs.times }}
outputs:
  said: \${{ stages.hello.output }}
  times: \${{ stages.loud.output }}
`

/** `hold` runs until the file \`go\` is there. */
const held = (trap = '') => `
name: held
stages:
  - id: before
    run: echo before >> log
  - id: hold
    run: ${trap}while [ ! -e go ]; do sleep 0.02; done; echo hold >> log
  - id: after
    run: echo after >> log
`

describe('a run', () => {
  it('prints a line per event, its outputs and what to do next, and is found again', async () => {
    file('greet.yaml', greet)
    const { code, out, err } = await stagegraph(
      'run',
      'greet.yaml',
      '-i',
      'name=Ada',
      '-i',
      'times=2',
      '--thread',
      't1',
    )
    expect([code, err]).toEqual([0, ''])
    expect(out.replaceAll(/\d\d:\d\d:\d\dZ/g, 'T').replaceAll(/ in [\d.]+m?s/g, ' in X')).toBe(
      [
        'T greet started: run t1, 2 stages',
        'T hello started',
        'T hello | hello Ada',
        'T hello | again',
        'T hello succeeded in X',
        'T loud started',
        'T loud succeeded in X',
        'T greet succeeded in X',
        '✔ greet succeeded in X',
        '  {',
        '    "said": "hello Ada\\nagain",',
        '    "times": 2',
        '  }',
        '  look at it   stagegraph show t1',
        '',
      ].join('\n'),
    )
    expect(existsSync(join(folder, '.stagegraph/runs.db'))).toBe(true)

    const [shown, listed, logged, past] = await Promise.all([
      stagegraph('show', 't1'),
      stagegraph('runs', '--status', 'succeeded', '--json'),
      stagegraph('logs', 't1', '--stage', 'hello'),
      stagegraph('history', 't1'),
    ])
    expect(shown.out).toMatch(/^greet t1: succeeded, 100 %\n/)
    expect(shown.out).toMatch(/^hello +run +succeeded/m)
    expect(jsonLines(listed.out)).toMatchObject([{ v: 1, runs: [{ id: 't1', pipeline: 'greet', progress: 100 }] }])
    expect(logged.out.split('\n').map((line) => line.slice(10))).toEqual(['hello | hello Ada', 'hello | again', ''])
    expect(past.out).toMatch(/^SEQ +AT .*\n.*hello/s)

    expect((await stagegraph('rm', 't1')).out).toBe('t1 is removed.\n')
    expect(await stagegraph('show', 't1')).toMatchObject({ code: 2, out: '' })
  })

  it('forks a run from a stage or a SEQ, with other variables, and leaves the other run alone', async () => {
    file(
      'letter.yaml',
      `name: letter
vars:
  tone: { type: string, default: dry }
  copies: { type: integer, default: 1 }
stages:
  - { id: collect, run: echo collected >> log }
  - id: write
    run: echo "$TONE $COPIES" >> log
    env: { TONE: "\${{ vars.tone }}", COPIES: "\${{ vars.copies }}" }
`,
    )
    const log = () => readFileSync(join(folder, 'log'), 'utf8')
    expect((await stagegraph('run', 'letter.yaml', '--thread', 'l')).code).toBe(0)
    const before = (await stagegraph('show', 'l', '--json')).out

    const forked = await stagegraph(
      ...['fork', 'l', '--at', 'collect', '--set', 'tone=kind', '--set', 'copies=2', '--thread', 'l2'],
    )
    expect(forked).toMatchObject({ code: 0 })
    expect(log()).toBe('collected\ndry 1\nkind 2\n')
    expect((await stagegraph('show', 'l', '--json')).out).toBe(before)

    const differ = await stagegraph('diff', 'l', 'l2', '--json')
    const differences = [
      // of stages none: it wrote to a file
      { at: 'edited_vars.tone', after: 'kind' },
      { at: 'edited_vars.copies', after: 2 },
    ]
    expect(jsonLines(differ.out)).toEqual([{ v: 1, runs: ['l', 'l2'], differences }])

    expect(await stagegraph('fork', 'l', '--at', '0')).toMatchObject({ code: 0 })
    expect(log()).toBe('collected\ndry 1\nkind 2\ncollected\ndry 1\n')

    const refused = await Promise.all([
      stagegraph('fork', 'l'),
      stagegraph('fork', 'l', '--at', 'colect'),
      stagegraph('fork', 'l', '--at', '99'),
      stagegraph('fork', 'l', '--at', 'collect', '--set', 'tome=x', '--set', 'copies'),
      stagegraph('fork', 'l', '--at', 'collect', '--set', 'copies=many'),
      stagegraph('fork', 'l', '--at', 'collect', '--thread', 'l2'),
    ])
    expect(refused.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2, 2])
    expect(refused.map(({ err }) => err)).toEqual([
      expect.stringContaining('--at'),
      expect.stringMatching(/"colect".*\n.*collect/),
      expect.stringContaining('has no event 99'),
      expect.stringMatching(/tome.*tone[\s\S]*copies.*has no value/),
      expect.stringContaining('copies'),
      expect.stringContaining('l2'),
    ])
    expect(log()).toBe('collected\ndry 1\nkind 2\ncollected\ndry 1\n')
  })

  it('prints only events on stdout with --json', async () => {
    file('greet.yaml', greet)
    file('inputs.json', '{"name": "Ada"}')
    const { code, out, err } = await stagegraph('run', 'greet.yaml', '--input-file', 'inputs.json', '--json')
    expect(code).toBe(0)
    const events = jsonLines(out)
    expect(events.every(({ v, run }) => v === 1 && run === events[0]?.run)).toBe(true)
    expect(events[0]).toMatchObject({ type: 'run.started', seq: 1 })
    expect(events.at(-1)).toMatchObject({ type: 'run.ended', result: { status: 'succeeded', outputs: { times: 1 } } })
    expect(err).toMatch(/✔ greet succeeded/)
  })

  it('that fails exits 1 and names the logs of the stage that failed', async () => {
    file(
      'bad.yaml',
      'name: bad\nstages:\n  - id: boom\n    run: echo no luck >&2; exit 3\n  - id: next\n    transform: 1\n',
    )
    const { code, out } = await stagegraph('run', 'bad.yaml', '--thread', 't1')
    expect(code).toBe(1)
    expect(out).toContain('next skipped: what it needs failed')
    expect(out).toMatch(/✖ bad failed.*\n {2}boom exit_code: .*\n {2}its logs {5}stagegraph logs t1 --stage boom/)
    expect((await stagegraph('logs', 't1', '--stage', 'boom')).out).toMatch(/boom \| no luck\n.* boom failed/)
    expect(await stagegraph('logs', 't1', '--stage', 'bom')).toMatchObject({ code: 2, out: '' })
    const resumed = await stagegraph('resume', 't1')
    expect(resumed.code).toBe(2)
    expect(resumed.err).toContain('finished')
  })

  it('whose own code fails where no stage waits for it ends with a sentence, and can be resumed', async () => {
    file('stray.mjs', 'export const go = () => new Promise(() => setTimeout(() => { throw new Error("stray") }, 1))\n')
    file('stray.yaml', 'name: stray\nstages:\n  - id: a\n    uses: ./stray.mjs#go\n')
    const { code, err } = await stagegraph('run', 'stray.yaml', '--thread', 't1')
    expect(code).toBe(1)
    expect(err).toContain('Something that no stage waited for failed, and ended the process: stray\n')
    expect(err).not.toMatch(/^ +at /m)
    expect((await stagegraph('show', 't1')).out).toContain('go on: stagegraph resume t1')
  })

  it('whose process died in a stage with once: true asks how that ended, and takes the answer', async () => {
    file(
      'pay.yaml',
      'name: pay\nstages:\n  - { id: pay, run: "echo paid >> effects; kill -9 $PPID; sleep 5", once: true }\noutputs: { receipt: "${{ stages.pay.output }}" }\n',
    )
    expect((await stagegraph('run', 'pay.yaml', '--thread', 't1')).code).toBe(null)
    const asked = await stagegraph('resume', 't1')
    expect(asked.code).toBe(3)
    expect(asked.out).toMatch(/pay waits for an answer \([0-9a-f]{32}\)/)
    const shown = await stagegraph('show', 't1')
    expect(shown.out).toContain('pay waits: The process died while attempt 1 of "pay" was running')
    const [, id] = /--answer ([0-9a-f]{32})=/.exec(shown.out) ?? []
    expect((await stagegraph('resume', 't1', '--answer', `${id}={"decision":"maybe"}`)).code).toBe(2)
    expect((await stagegraph('resume', 't1', '--answer', 'nonsense')).code).toBe(2)
    const done = await stagegraph('resume', 't1', '--answer', `${id}={"decision":"done","output":"receipt 7"}`)
    expect(done.code).toBe(0)
    expect(done.out).toContain('"receipt": "receipt 7"')
    expect(readFileSync(join(folder, 'effects'), 'utf8')).toBe('paid\n')
  })

  it('that waits says what for and how to go on, and goes on with approve, reject, answer, signal and tick', async () => {
    file(
      'expense.yaml',
      `name: expense
stages:
  - { id: amount, ask: { message: How much?, form: { sum: integer, note: string } } }
  - id: ok
    approve: { message: "Pay \${{ stages.amount.output.sum }}?", approvals: 2 }
  - { id: paid, wait: { event: paid, match: event.data == stages.amount.output.sum } }
  - { id: pause, wait: { for: 100ms } }
outputs: { sum: "\${{ stages.amount.output.sum }}", note: "\${{ stages.amount.output.note }}" }
`,
    )
    const asked = await stagegraph('run', 'expense.yaml', '--thread', 't1')
    expect(asked.code).toBe(3)
    expect(asked.out).toContain('amount waits: How much?')
    expect(asked.out).toContain('answer: stagegraph answer t1 amount --value …')
    expect((await stagegraph('approve', 't1')).err).toContain('"t1" does not wait for that.')
    expect((await stagegraph('answer', 't1', '--form', 'sum=many', '--form', 'note=1')).code).toBe(2)
    const amount = await stagegraph('answer', 't1', '--form', 'sum=80', '--form', 'note=1')
    expect(amount.code).toBe(3)
    expect(amount.out).toContain('ok waits: Pay 80? (0 of 2 approvals)')
    expect(amount.out).toContain('approve: stagegraph approve t1 ok')
    expect((await stagegraph('approve', 't1')).code).toBe(2)
    expect((await stagegraph('approve', 't1', '--by', 'ann')).out).toContain('(1 of 2 approvals)')
    const listed = await stagegraph('pending')
    expect(listed.out).toMatch(/^RUN +PIPELINE +STAGE +KIND +NEXT +WAITS FOR\nt1 +expense +ok +approve +Pay 80\?$/m)
    const { waits } = JSON.parse((await stagegraph('pending', 't1', '--json')).out)
    expect(waits).toMatchObject([{ stage: 'ok', kind: 'approve', value: { approvals: { given: 1, needed: 2 } } }])
    const second = await stagegraph('approve', 't1', waits[0].id, '--by', 'bob', '--comment', 'fine')
    expect(second.out).toContain('tell it: stagegraph signal paid --data …')
    expect((await stagegraph('signal', 'paid', '--data', '81')).out).toMatch(/^No run waits for it now; ev_\w+ is kept/)
    const told = await stagegraph('signal', 'paid', '--data', '80', '--id', 'p1')
    expect(told.out).toMatch(/^t1 expense waiting\n {2}pause waits: Waits for time to pass.\n/)
    expect((await stagegraph('signal', 'paid', '--data', '80', '--id', 'p1')).out).toContain('came before')
    const done = await stagegraph('tick', '--json')
    expect(JSON.parse(done.out)).toMatchObject({ thread_id: 't1', status: 'succeeded' })
    expect((await stagegraph('tick')).err).toContain('Nothing is due.')
    expect((await stagegraph('pending')).out).toBe('No run waits.\n')
    expect((await stagegraph('show', 't1')).out).toContain('"note": "1"')

    await stagegraph('run', 'expense.yaml', '--thread', 't2')
    await stagegraph('answer', 't2', 'amount', '--value', '{"sum": 5, "note": ""}')
    const rejected = await stagegraph('reject', 't2', '--by', 'ann', '--comment', 'too much')
    expect(rejected.code).toBe(1)
    expect(rejected.out).toContain('rejected: It was rejected by ann: too much')
  })

  it('is started by an event, where its pipeline is named', async () => {
    file(
      'ship.yaml',
      `name: ship
inputs: { order: string }
triggers:
  - { event: order.created, with: { order: "\${{ trigger.data.id }}" } }
stages:
  - { id: a, run: echo shipped }
`,
    )
    await stagegraph('run', 'ship.yaml', '-i', 'order=o0')
    const told = await stagegraph('signal', 'order.created', '--data', '{"id":"o1"}', '--pipeline', 'ship.yaml')
    expect(told.out).toMatch(/^t_[0-9a-f]{24} ship succeeded\n$/)
    expect((await stagegraph('tick', '--pipeline', 'ship.yaml')).err).toContain('Nothing is due.')
    file('broken.yaml', 'name: broken\nstages: []\n')
    expect((await stagegraph('tick', '--pipeline', 'broken.yaml')).code).toBe(2)
  })

  it('that reaches its time limit exits 4', async () => {
    file('slow.yaml', 'name: slow\nlimits: { timeout: 200ms }\nstages:\n  - id: wait\n    run: sleep 30\n')
    expect((await stagegraph('run', 'slow.yaml')).code).toBe(4)
  })

  it('pauses at --until with 3 and goes on with resume, from another folder too', async () => {
    file('two.yaml', 'name: two\nstages:\n  - id: a\n    run: echo a >> log\n  - id: b\n    run: echo b >> log\n')
    const paused = await stagegraph('run', 'two.yaml', '--until', 'a', '--thread', 't1')
    expect(paused.code).toBe(3)
    expect(paused.out).toContain('go on        stagegraph resume t1')
    file('two.yaml', `${read('two.yaml')}  - id: c\n    run: echo c >> log\n`)
    const fromBelow = 'mkdir sub && cd sub && exec "$0" "$1" resume t1'
    const resumed = await start('bash', ['-c', fromBelow, process.execPath, main])
    expect(resumed.code).toBe(0)
    expect(resumed.err).toContain('two.yaml has changed since')
    expect(read('log')).toBe('a\nb\n')
  })

  it('whose process was killed says with resume --dry-run what will run, and resume runs exactly that', async () => {
    file(
      'five.yaml',
      `name: five
stages:
  - { id: done, run: echo done }
  - { id: gone, if: 1 > 2, run: echo gone }
  - { id: sums, needs: [done], transform: 1 + 1 }
  - { id: hangs, needs: [done], run: 'if [ -e go ]; then exit 0; fi; echo hangs; sleep 300' }
  - { id: once, needs: [done], once: true, run: 'echo paid | tee -a effects; sleep 300' }
  - { id: last, needs: [hangs], run: echo last }
`,
    )
    const run = stagegraph('run', 'five.yaml', '--thread', 't1')
    await Promise.all(['hangs | hangs', 'once | paid', 'sums succeeded'].map((text) => run.says(text)))
    run.kill('SIGKILL')
    await run
    file('go', '')

    const { out } = await stagegraph('resume', 't1', '--dry-run', '--json')
    const [planned] = jsonLines(out) as [
      { stages: { stage: string; does: string; because: string; ambiguous: boolean }[] },
    ]
    expect(planned.stages.map(({ stage, does, because, ambiguous }) => [stage, does, because, ambiguous])).toEqual([
      ['done', 'reused', 'recorded', false],
      ['gone', 'reused', 'recorded', false],
      ['sums', 'reused', 'recorded', false],
      ['hangs', 'runs', 'unknown_end', true],
      ['once', 'waits', 'unknown_end', true],
      ['last', 'runs', 'not_started', false],
    ])
    const shown = await stagegraph('resume', 't1', '--dry-run')
    expect(shown.out).toMatch(/^done +is kept +1 +its end is recorded: succeeded$/m)
    expect(shown.out).toMatch(/^once +waits +1 +the process died while it ran; someone has to say how it ended$/m)
    expect((await stagegraph('resume', 't1', '--dry-run', '--answer', 'x=1')).code).toBe(2)
    expect((await stagegraph('resume', 't1', '--dry-run', '--until', 'last')).err).toContain(
      '--dry-run takes no --until',
    )

    const resumed = await stagegraph('resume', 't1', '--json')
    expect(resumed.code).toBe(3)
    const started = jsonLines(resumed.out).flatMap(({ type, stage }) => (type === 'stage.started' ? [stage] : []))
    expect(started).toEqual(planned.stages.flatMap(({ stage, does }) => (does === 'runs' ? [stage] : [])))
    expect(read('effects')).toBe('paid\n')
  })

  it('whose process was killed goes on with resume --all, which says a line for each and touches no other', async () => {
    const killed = async (pipeline: string, thread: string) => {
      const process = stagegraph('run', pipeline, '--thread', thread)
      await process.says('hangs')
      process.kill('SIGKILL')
      await process
    }
    const hang = 'if [ -e go ]; then exit "$(cat go)"; fi; echo hangs; sleep 300'
    const stages = `stages:\n  - id: a\n    uses: ./f.mjs#f\n  - id: b\n    run: '${hang}'\n`
    file('f.mjs', 'export const f = { run: () => 1, [Symbol.for("stagegraph.function")]: true }\n')
    file('one.yaml', `name: one\n${stages}`)
    file('plain.yaml', `name: plain\nstages:\n  - id: b\n    run: '${hang}'\n`)
    expect((await stagegraph('run', 'one.yaml', '--until', 'a', '--thread', 'paused')).code).toBe(3)
    await killed('one.yaml', 't1')
    await killed('plain.yaml', 't2')
    file('go', '0')
    const all = await stagegraph('resume', '--all')
    expect(all.out.split('\n').sort()).toEqual(['', 't1 one succeeded', 't2 plain succeeded'])
    expect(all.code).toBe(0)
    expect((await stagegraph('runs', '--status', 'paused')).out).toContain('paused')
    expect(await stagegraph('resume', '--all')).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringContaining('no run'),
    })

    rmSync(join(folder, 'go'))
    await killed('one.yaml', 't3')
    await killed('plain.yaml', 't4')
    file('f.mjs', `${read('f.mjs')}// changed\n`)
    file('go', '3')
    const { code, out, err } = await stagegraph('resume', '--all', '--json')
    expect([code, err]).toEqual([2, expect.not.stringContaining('bug')]) // that of the first: t3 is older
    expect(jsonLines(out)).toEqual([
      expect.objectContaining({
        v: 1,
        type: 'error',
        thread_id: 't3',
        error: expect.objectContaining({ code: 'source_changed' }),
      }),
      expect.objectContaining({ v: 1, type: 'run', thread_id: 't4', pipeline: 'plain', status: 'failed' }),
    ])
    expect((await stagegraph('resume', 't3', '--migrate')).code).toBe(1)
  }, 240_000)
})

describe('refusals, before anything has an effect', () => {
  it('say what is wrong with a pipeline, at its place', async () => {
    file('bad.yaml', 'name: bad\nstages:\n  - id: a\n    neds: [b]\n    transform: 1\n')
    const { code, out, err } = await stagegraph('run', 'bad.yaml')
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^bad\.yaml:4:5 error unknown_key\n.*\n {2}4 │ {5}neds: \[b\]\n/m)
    expect(err).toMatch(/bad\.yaml does not compile: \d errors?\. Nothing was run\./)
    expect(existsSync(join(folder, '.stagegraph'))).toBe(false)

    const json = await stagegraph('validate', 'bad.yaml', 'gone.yaml', '--json')
    expect(json.code).toBe(2)
    expect(JSON.parse(json.out)).toMatchObject({
      v: 1,
      valid: false,
      files: [
        { file: 'bad.yaml', valid: false, plan: null, diagnostics: [{ code: 'unknown_key', severity: 'error' }] },
        { file: 'gone.yaml', valid: false, diagnostics: [], error: { code: 'invalid_inputs' } },
      ],
    })
  })

  it('list inputs that are missing or unknown when nobody can be asked', async () => {
    file('greet.yaml', greet)
    const missing = await stagegraph('run', 'greet.yaml')
    expect(missing).toMatchObject({ code: 2, out: '' })
    expect(missing.err).toContain('name: is required, text (Whom to greet)')
    const unknown = await stagegraph('run', 'greet.yaml', '-i', 'nmae=x', '--json')
    expect(unknown.code).toBe(2)
    expect(JSON.parse(unknown.out)).toMatchObject({ v: 1, type: 'error', error: { code: 'invalid_inputs' } })
    expect(unknown.err).toContain('Did you mean "name"?')
    const wrong = await stagegraph('run', 'greet.yaml', '-i', 'name=x', '-i', 'times=1.5')
    expect(wrong.code).toBe(2)
    expect(existsSync(join(folder, '.stagegraph'))).toBe(false)
  })

  it('a dry run prints what would be done and does nothing', async () => {
    file('greet.yaml', greet)
    const { code, out } = await stagegraph('run', 'greet.yaml', '-i', 'name=Ada', '--dry-run')
    expect(code).toBe(0)
    expect(out).toContain('level 2\n  loud  transform  ${{ inputs.times }}')
    expect(existsSync(join(folder, '.stagegraph'))).toBe(false)
  })
})

describe('Ctrl-C', () => {
  it('once finishes what runs, starts nothing more, exits 130, and the run can be resumed', async () => {
    file('held.yaml', held())
    const run = stagegraph('run', 'held.yaml', '--thread', 't1')
    await run.says('hold started')
    run.kill('SIGINT')
    await run.says('finishing what runs (up to 10 s)')
    file('go', '')
    const { code, out } = await run
    expect(code).toBe(130)
    expect(out).toContain('go on        stagegraph resume t1')
    expect(read('log')).toBe('before\nhold\n')
    expect((await stagegraph('resume', 't1')).code).toBe(0)
    expect(read('log')).toBe('before\nhold\nafter\n')
  })

  it('twice cancels the run and exits 6', async () => {
    file('held.yaml', held())
    const run = stagegraph('run', 'held.yaml', '--thread', 't1')
    await run.says('hold started')
    run.kill('SIGTERM')
    await run.says('finishing what runs')
    run.kill('SIGINT')
    const { code, out } = await run
    expect(code).toBe(6)
    expect(out).toMatch(/■ held cancelled/)
    expect(read('log')).toBe('before\n')
  })

  it('thrice leaves at once with 130, and what ran is gone', async () => {
    file('held.yaml', held(`trap '' TERM; echo $$ > pid; `))
    const run = stagegraph('run', 'held.yaml', '--thread', 't1')
    await run.says('hold started')
    await waitForFile('pid')
    for (const note of ['finishing what runs', 'Cancelling', 'Left at once']) {
      run.kill('SIGINT')
      await run.says(note)
    }
    expect((await run).code).toBe(130)
    await gone(Number(read('pid')))
    const settled = await stagegraph('cancel', 't1')
    expect(settled).toMatchObject({ code: 0 })
    expect((await stagegraph('runs')).out).toMatch(/t1 +held +cancelled/)
  })
})

describe('other processes', () => {
  it('can watch, follow and cancel a run', async () => {
    file('held.yaml', held())
    const run = stagegraph('run', 'held.yaml', '--thread', 't1')
    await run.says('hold started')
    const watching = stagegraph('watch', 't1')
    const following = stagegraph('logs', 't1', '-f')
    await watching.says('hold started')
    expect(await stagegraph('resume', 't1')).toMatchObject({ code: 2 })
    expect((await stagegraph('cancel', 't1')).code).toBe(0)
    const [ran, watched, followed] = await Promise.all([run, watching, following])
    expect([ran.code, watched.code, followed.code]).toEqual([6, 6, 0])
    expect(watched.out).toMatch(/■ held cancelled/)
  })

  it('that stop reading end nothing but the reading', async () => {
    file('greet.yaml', greet)
    const line = `"${process.execPath}" "${main}" run greet.yaml -i name=Ada --thread t1 --json | head -n 1 > first`
    const { code, err } = await start('bash', ['-o', 'pipefail', '-c', line])
    expect([code, err.includes('EPIPE')]).toEqual([0, false])
    expect((await stagegraph('runs')).out).toMatch(/t1 +greet +succeeded/)
  })
})

const canScript = existsSync('/usr/bin/script')

describe.runIf(canScript)('on a terminal', () => {
  const onTerminal = (args: string, env: Record<string, string> = {}, input?: string) =>
    start(
      'script',
      ['-qec', `stty cols 60 rows 20; "${process.execPath}" "${main}" ${args}`, '/dev/null'],
      { TERM: 'xterm', ...env },
      input,
    )

  it('draws the tree in place, in colour, and gives the cursor back', async () => {
    file('greet.yaml', greet)
    const { code, out } = await onTerminal('run greet.yaml -i name=Ada --thread t1')
    expect(code).toBe(0)
    expect(out).toContain('\u001b[32m✔ \u001b[39m')
    expect(out).toMatch(/├─ .*hello/)
    expect(out).not.toContain('hello started')
    expect(out.lastIndexOf('\u001b[?25h')).toBeGreaterThan(out.lastIndexOf('\u001b[?25l'))
  })

  it('draws in ASCII and without colour when that is all there is', async () => {
    file('greet.yaml', greet)
    const { out } = await onTerminal('run greet.yaml -i name=Ada --thread t1', { LANG: 'C', NO_COLOR: '1' })
    expect(out).toMatch(/\|- \+ hello/)
    expect(out).not.toContain('\u001b[32m')
  })

  it('asks for missing inputs', async () => {
    file('greet.yaml', greet)
    const run = onTerminal('run greet.yaml --thread t1', {}, 'Grace\n')
    const { code, out } = await run
    expect(code).toBe(0)
    expect(out).toContain('name: Whom to greet (text): ')
    expect(out).toContain('"said": "hello Grace')
  })
})

describe('what is loaded', () => {
  it.each([
    [['--help'], 0],
    [['run', '--help'], 0],
    [['init', 'fresh'], 0],
    [['validate', 'greet.yaml'], 0],
    [['graph', 'greet.yaml'], 0],
    [['run', 'greet.yaml', '-i', 'name=x', '--dry-run'], 0],
  ])('for %j is not LangGraph', async (args, expected) => {
    file('greet.yaml', greet)
    file(
      'preload.mjs',
      `import { registerHooks } from 'node:module'
       registerHooks({
         load(url, context, next) {
           if (/@langchain|langgraph/.test(url)) process.stderr.write('loaded ' + url + '\\n')
           return next(url, context)
         },
       })`,
    )
    const { code, err } = await start(process.execPath, ['--import', join(folder, 'preload.mjs'), main, ...args])
    expect([code, err]).toEqual([expected, ''])
  })

  it('is noticed: a command that runs loads it', async () => {
    const preload = `import { registerHooks } from 'node:module'
      registerHooks({ load(url, c, next) { if (/@langchain.langgraph/.test(url)) globalThis.seen = true; return next(url, c) } })
      process.on('exit', () => console.log('seen', globalThis.seen))`
    file('preload.mjs', preload)
    file('one.yaml', 'name: one\nstages:\n  - id: a\n    transform: 1\n')
    const { out } = await start(process.execPath, ['--import', join(folder, 'preload.mjs'), main, 'run', 'one.yaml'])
    expect(out).toContain('seen true')
  })
})

describe('doctor', () => {
  it('finds this machine able to run pipelines', async () => {
    const { code, out } = await stagegraph('doctor')
    expect(code).toBe(0)
    expect(out).toContain(`✔ Node ${process.versions.node}`)
    expect(out).toContain('not there yet; the first run makes it')
    expect(existsSync(join(folder, '.stagegraph'))).toBe(false)
  })

  it('says what is wrong with a store', async () => {
    file('notes.txt', 'not a database')
    const { code, out } = await stagegraph('doctor', '--store', 'notes.txt')
    expect(code).toBe(1)
    expect(out).toMatch(/✖ Store notes\.txt: .*no Stagegraph store/)
    expect(read('notes.txt')).toBe('not a database')
  })
})

describe('a first pipeline', () => {
  it('written by init compiles without a warning and runs', async () => {
    await stagegraph('init', 'fresh')
    expect(await stagegraph('validate', 'fresh.yaml', '--strict')).toMatchObject({
      code: 0,
      out: '✔ fresh.yaml: fresh is valid, 3 stages\n',
      err: '',
    })
    const { code, out } = await stagegraph('run', 'fresh.yaml', '-i', 'name=Ada', '-i', 'shout=true')
    expect(code).toBe(0)
    expect(out).toContain('"loud": "HELLO, ADA! BONJOUR, ADA !"')
  })
})

async function waitForFile(name: string): Promise<void> {
  for (let turn = 0; turn < 1_000 && !(existsSync(join(folder, name)) && read(name) !== ''); turn++) await turnOfLoop()
}

/** Resolves when the process is gone or a zombie. */
async function gone(pid: number): Promise<void> {
  for (let turn = 0; turn < 1_000; turn++) {
    if (!isAlive(pid)) return
    await turnOfLoop()
  }
  expect.unreachable(`process ${pid} still runs`)
}

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

const turnOfLoop = () => new Promise((resolve) => setTimeout(resolve, 10))
