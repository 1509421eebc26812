/**
 * Commands to type next, ready to be pasted: with `--store` when the store would not be found from here.
 */
import { relative, resolve } from 'node:path'
import { defaultStorePath } from './project-root.ts'

export interface NextSteps {
  readonly resume: string
  readonly show: string
  readonly watch: string
  /** The same as `resume`, with an answer to a wait. */
  answer(wait: string): string
  /** Of one stage, or of all. */
  logs(stage?: string): string
}

export function nextSteps(id: string, storePath: string, cwd: string): NextSteps {
  const isFound = resolve(storePath) === defaultStorePath(cwd)
  const store = isFound ? '' : ` --store ${quote(relative(cwd, storePath) || '.')}`
  const command = (name: string, more = '') => `stagegraph ${name} ${id}${more}${store}`
  return {
    resume: command('resume'),
    show: command('show'),
    watch: command('watch'),
    answer: (wait) => command('resume', ` --answer ${wait}=…`),
    logs: (stage) => command('logs', stage === undefined ? '' : ` --stage ${stage}`),
  }
}

/** One word for a POSIX shell. */
export const quote = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
