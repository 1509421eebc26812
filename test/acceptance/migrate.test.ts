/** A pipeline that is edited under its run, at the command line: every step is a process of its own. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Desk, openDesk } from './cli.ts'

let desk: Desk
beforeEach(() => {
  desk = openDesk()
})
afterEach(() => desk.clear())

const effects = (): string[] => desk.read('effects').split('\n').filter(Boolean)
const start = (...more: string[]) => desk.stagegraph('run', 'p.yaml', '--thread', 't', ...more)

const yaml = (second: string, third = 'echo third >> effects') => `
name: edited
vars: { tone: { type: string, default: plain } }
stages:
  - { id: first, run: 'echo first >> effects' }
  - { id: second, run: '${second}', set: { tone: louder } }
  - { id: third, run: '${third}' }
`

it('a plain resume goes on by the stored plan, and says line by line what the file says otherwise', async () => {
  desk.write('p.yaml', yaml('echo second >> effects'))
  await start('--until', 'first')
  desk.write(
    'p.yaml',
    `${yaml('echo other >> effects')
      .replace('default: plain', 'default: loud')
      .replace(/ {2}- \{ id: third.*\n/, '')}
  - { id: fourth, run: 'echo fourth >> effects' }
`,
  )
  const { code, err } = await desk.stagegraph('resume', 't')
  expect(code).toBe(0)
  expect(err).toContain(
    'p.yaml has changed since this run was started; the run goes on with the plan it was started with',
  )
  expect(err).toMatch(
    /^ {2}second: run changed\n {2}fourth: added\n {2}third: removed\n {2}beside the stages: vars\.tone$/m,
  )
  expect(err).toContain('stagegraph resume t --migrate')
  expect(effects()).toEqual(['first', 'second', 'third'])
})

it('--migrate runs what was edited in a run that failed; --dry-run says so before, to people and to programs', async () => {
  desk.write('p.yaml', yaml('exit 3'))
  expect((await start()).code).toBe(1)
  desk.write('p.yaml', yaml('echo second >> effects'))
  const dry = await desk.stagegraph('resume', 't', '--migrate', '--dry-run')
  expect(dry.code).toBe(0)
  expect(dry.out).toMatch(/first +is kept .*its end is recorded: succeeded/)
  expect(dry.out).toMatch(/second +runs .*it was edited: run/)
  expect(dry.out).toMatch(/third +runs .*it waits for a stage that runs again: second/)
  const { stages } = JSON.parse((await desk.stagegraph('resume', 't', '--migrate', '--dry-run', '--json')).out)
  expect(stages.map((each: { stage: string; does: string }) => `${each.stage} ${each.does}`)).toEqual([
    'first reused',
    'second runs',
    'third runs',
  ])
  expect(effects()).toEqual(['first'])
  const { code, err } = await desk.stagegraph('resume', 't', '--migrate')
  expect([code, err]).toEqual([0, expect.not.stringContaining('has changed since')])
  expect(effects()).toEqual(['first', 'second', 'third'])
})

it('--migrate takes another file, and refuses one that does not compile or fit, with the run as it was', async () => {
  desk.write('p.yaml', yaml('exit 3'))
  await start()
  desk.write('broken.yaml', 'name: edited\nstages: []\n')
  expect(await desk.stagegraph('resume', 't', '--migrate', 'broken.yaml')).toMatchObject({ code: 2 })
  desk.write('other.yaml', yaml('true').replace('name: edited', 'name: other'))
  const other = await desk.stagegraph('resume', 't', '--migrate', 'other.yaml')
  expect([other.code, other.err]).toEqual([2, expect.stringContaining('Thread "t" runs "edited", not "other".')])
  desk.write('asks.yaml', yaml('true').replace('vars:', 'inputs: { who: string }\nvars:'))
  const asks = await desk.stagegraph('resume', 't', '--migrate', 'asks.yaml')
  expect([asks.code, asks.err]).toEqual([2, expect.stringMatching(/cannot go on by this plan.*who/s)])
  expect(effects()).toEqual(['first'])
  desk.write('fixed.yaml', yaml('echo second >> effects'))
  expect(await desk.stagegraph('resume', 't', '--migrate', 'fixed.yaml')).toMatchObject({ code: 0 })
  expect(effects()).toEqual(['first', 'second', 'third'])
})

it('a process that is killed while it goes on by the new plan leaves a run of the new plan', async () => {
  desk.write('p.yaml', yaml('exit 3'))
  await start()
  desk.write(
    'p.yaml',
    yaml('echo second >> effects', 'test -e go || { kill -9 $PPID; exit 1; }; echo third >> effects'),
  )
  await desk.stagegraph('resume', 't', '--migrate')
  desk.write('go', '')
  const dry = await desk.stagegraph('resume', 't', '--dry-run')
  expect(dry.out).toMatch(/second +is kept/)
  const { code, err } = await desk.stagegraph('resume', 't')
  expect([code, err]).toEqual([0, expect.not.stringContaining('has changed since')])
  expect(effects()).toEqual(['first', 'second', 'third'])
})

it('wrong names of stages and variables are said, with what may have been meant', async () => {
  desk.write('p.yaml', yaml('true'))
  await start()
  const said = async (...args: string[]) => {
    const { code, err } = await desk.stagegraph(...args)
    return `${code} ${err}`
  }
  expect(await said('retry', 't', '--from', 'secnd')).toMatch(/^2 .*no stage "secnd".*Did you mean "second"/s)
  expect(await said('retry', 't', '--set', 'tome=x')).toMatch(/^2 .*tome.*Did you mean "tone"/s)
  expect(await said('fork', 't', '--at', 'frist')).toMatch(/^2 .*frist.*Did you mean "first"/s)
  expect(await said('fork', 't', '--at', 'first', '--set', 'tome=x')).toMatch(/^2 .*tome.*Did you mean "tone"/s)
  expect(await said('fork', 't', '--at', '999')).toMatch(/^2 .*no event 999/s)
})

it('diff tells what a run and its fork differ in: stages, and what they and --set made of variables', async () => {
  const third = /run: 'echo third >> effects'/
  desk.write(
    'p.yaml',
    yaml('echo second').replace(third, () => 'transform: "${{ vars.tone }}"'),
  )
  await start()
  const forked = await desk.stagegraph('fork', 't', '--at', 'second', '--set', 'tone=soft', '--thread', 'f')
  expect(forked.code).toBe(0)
  const { differences } = JSON.parse((await desk.stagegraph('diff', 't', 'f', '--json')).out)
  expect(differences).toContainEqual({ at: 'edited_vars.tone', after: 'soft' })
  expect(differences.map(({ at }: { at: string }) => at)).toContainEqual(
    expect.stringMatching(/^stages\.third\.output/),
  )
})
