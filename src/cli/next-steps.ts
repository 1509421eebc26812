/**
 * Commands to type next, ready to be pasted: with `--store` when the store would not be found from here.
 */
import { relative, resolve } from 'node:path'
import type { OpenWait, WaitEnd } from '../foundation/wait.ts'
import { defaultStorePath } from './project-root.ts'

export interface NextSteps {
  readonly resume: string
  readonly retry: string
  readonly show: string
  readonly watch: string
  /** What to do about a wait, and with which command. */
  about(wait: OpenWait): readonly (readonly [what: string, command: string])[]
  /** Of one stage, or of all. */
  logs(stage?: string): string
}

export function nextSteps(id: string, storePath: string, cwd: string): NextSteps {
  const isFound = resolve(storePath) === defaultStorePath(cwd)
  const store = isFound ? '' : ` --store ${quote(relative(cwd, storePath) || '.')}`
  const command = (name: string, more = '') => `stagegraph ${name} ${id}${more}${store}`
  const plain = (name: string, more = '') => `stagegraph ${name}${more}${store}`
  return {
    resume: command('resume'),
    retry: command('retry'),
    show: command('show'),
    watch: command('watch'),
    about: (wait) => aboutWait(wait, command, plain),
    logs: (stage) => command('logs', stage === undefined ? '' : ` --stage ${stage}`),
  }
}

type Write = (name: string, more?: string) => string

/** `command` is about the run, `plain` about none. */
function aboutWait(wait: OpenWait, command: Write, plain: Write): readonly (readonly [string, string])[] {
  const { id, kind, stage, ambiguous, due_at, ends } = wait
  const named = ` ${quote(stage)}`
  const deadline = due_at === undefined ? [] : [[`at ${due_at}`, plain('tick')] as const]
  if (ambiguous || kind === undefined) return [['answer', command('resume', ` --answer ${id}=…`)]]
  switch (kind) {
    case 'approve':
      return [['approve', command('approve', named)], ['reject', command('reject', named)], ...deadline]
    case 'ask':
      return [['answer', command('answer', `${named} --value …`)], ...deadline]
    default:
      if (!ends) return [['answer', command('resume', ` --answer ${id}=…`)], ...deadline]
      return [...ends.entries.flatMap((end) => aboutEnd(end, plain)), ...deadline]
  }
}

function aboutEnd({ event, at }: WaitEnd, plain: Write): readonly (readonly [string, string])[] {
  if (event !== undefined) return [['tell it', plain('signal', ` ${quote(event)} --data …`)]]
  return at === undefined ? [] : [[`at ${at}`, plain('tick')]]
}

/** One word for a POSIX shell. */
export const quote = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
