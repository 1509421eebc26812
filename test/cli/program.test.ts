import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { unsupportedNode } from '../../src/cli/node-version.ts'
import { runCli } from '../../src/cli/program.ts'
import { describeError } from '../../src/cli/say-error.ts'
import { createTerminal } from './support.ts'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname

async function run(...args: string[]) {
  const terminal = createTerminal({ cwd: mkdtempSync(join(tmpdir(), 'stagegraph-cli-')) })
  const code = await runCli(args, terminal)
  return { code, out: terminal.out.text(), err: terminal.err.text(), cwd: terminal.cwd }
}

describe('the command line', () => {
  it('explains itself: every command, the first steps, the exit codes', async () => {
    const { code, out, err } = await run('--help')
    expect([code, err]).toEqual([0, ''])
    const commands =
      'init validate graph run resume pending approve reject answer signal tick runs show logs watch history fork diff cancel rm doctor'.split(
        ' ',
      )
    for (const command of commands) expect(out).toMatch(new RegExp(`^  ${command} `, 'm'))
    expect(out).toContain('stagegraph init hello')
    expect(out).toContain('130  interrupted; the run is paused')
  })

  it('explains every command with an example', async () => {
    for (const command of 'init validate graph run resume pending approve reject answer signal tick runs show logs watch history fork diff cancel rm doctor'.split(
      ' ',
    )) {
      const { code, out } = await run(command, '--help')
      expect(code).toBe(0)
      expect(out).toMatch(new RegExp(`Examples:\n  \\$ stagegraph ${command}`))
    }
  })

  it.each([
    [['rnu', 'x.yaml'], "unknown command 'rnu'\n(Did you mean run?)"],
    [['run'], "missing required argument 'file'"],
    [['run', 'x.yaml', '--dry-rnu'], "unknown option '--dry-rnu'\n(Did you mean --dry-run?)"],
    [['graph', 'x.yaml', '--format', 'png'], 'Allowed choices are mermaid, dot, json'],
    [['resume'], 'Name a thread, or use --all.'],
    [['resume', 't1', '--all'], '--all takes no thread, no --until, no --answer, no --migrate and no --dry-run.'],
    [
      ['resume', '--all', '--until', 'a'],
      '--all takes no thread, no --until, no --answer, no --migrate and no --dry-run.',
    ],
    [['runs', '--status', 'faild'], 'Did you mean "failed"?'],
    [['runs', '--limit', '0'], 'Write a whole number from 1.'],
    [['runs', '--since', 'yesterday'], 'Write a duration (2h, 3d) or a date (2026-01-31).'],
  ])('calls %j misuse and exits 2', async (args, words) => {
    const { code, out, err } = await run(...args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(words)
  })

  it('prints its version', async () => {
    expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('init', () => {
  it('writes a pipeline and says what to type next', async () => {
    const { code, out, cwd } = await run('init', 'report')
    expect(code).toBe(0)
    expect(out).toContain('stagegraph run report.yaml -i name=Ada')
    expect(readFileSync(join(cwd, 'report.yaml'), 'utf8')).toContain('name: report\n')
  })

  it('never overwrites', async () => {
    const terminal = createTerminal({ cwd: mkdtempSync(join(tmpdir(), 'stagegraph-cli-')) })
    expect(await runCli(['init'], terminal)).toBe(0)
    const before = readFileSync(join(terminal.cwd, 'hello.yaml'), 'utf8')
    expect(await runCli(['init', 'hello.yaml'], terminal)).toBe(2)
    expect(terminal.err.text()).toBe(
      'error: Nothing was written.\n  hello.yaml: is there already\nChoose another name.\n',
    )
    expect(readFileSync(join(terminal.cwd, 'hello.yaml'), 'utf8')).toBe(before)
  })

  it('refuses names that no pipeline can have', async () => {
    const { code, err, cwd } = await run('init', '../up')
    expect(code).toBe(2)
    expect(err).toContain('"../up": must start with a lower-case letter')
    expect(existsSync(join(cwd, '../up.yaml'))).toBe(false)
  })
})

describe('what was thrown', () => {
  it('is called a bug when it is not an error of ours, with its stack only on request', () => {
    const bug = new TypeError('x is not a function')
    expect(describeError(bug, false).text).toBe(
      'This is a bug in stagegraph: x is not a function\nSet STAGEGRAPH_DEBUG=1 to see where it comes from.',
    )
    expect(describeError(bug, true).text).toContain('program.test.ts')
    expect(describeError(bug, false).code).toBe(1)
  })
})

describe('Node', () => {
  it.each(['18.19.0', '20.20.2', '22.21.1'])('%s is refused with a sentence that says what to do', (version) => {
    expect(unsupportedNode(version)).toContain(`needs Node 22.22 or newer, and this is ${version}.\nInstall`)
  })

  it.each(['22.22.0', '24.0.0', '25.1.0'])('%s will do', (version) => {
    expect(unsupportedNode(version)).toBeUndefined()
  })

  it('is looked at before anything else is loaded', () => {
    const preload = join(mkdtempSync(join(tmpdir(), 'stagegraph-cli-')), 'preload.mjs')
    writeFileSync(
      preload,
      `import { registerHooks } from 'node:module'
       registerHooks({
         load(url, context, next) {
           if (!/main|node-version/.test(url)) console.log('loaded', url)
           return next(url, context)
         },
       })
       Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`,
    )
    try {
      execFileSync(process.execPath, ['--import', preload, main, '--help'], { stdio: 'pipe' })
      expect.unreachable()
    } catch (error) {
      const { status, stdout, stderr } = error as { status: number; stdout: Buffer; stderr: Buffer }
      expect([status, String(stdout)]).toEqual([2, ''])
      expect(String(stderr)).toContain('stagegraph needs Node 22.22 or newer, and this is 20.20.2.')
    }
  })
})
