/** `stagegraph approve`, `reject` and `answer`: what a person says to a run that waits; then the run goes on. */
import type { Decision } from '../../execution/decision.ts'
import type { Decided, PendingWait } from '../../execution/engine-waits.ts'
import { InputError, ThreadError } from '../../foundation/errors.ts'
import type { Plan } from '../../foundation/plan.ts'
import { jsonOrText } from '../answers.ts'
import { type AddCommand, collect, examples, jsonOption, storeOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import { formOf, readForm } from '../form-values.ts'
import { nextSteps } from '../next-steps.ts'
import type { OpenEngine } from '../open-engine.ts'
import { writeJson } from '../render/json.ts'
import { rendererFor, wordsTo } from '../renderer-for.ts'
import type { Terminal } from '../terminal.ts'

interface DecideOptions {
  readonly by?: string
  readonly comment?: string
  readonly form?: readonly string[]
  readonly value?: string
  readonly store?: string
  readonly json?: boolean
}

const waitArgument = 'the stage, or the id of the wait; not needed when the run waits for one only'

export const addApprove: AddCommand = (program, cli) => {
  program
    .command('approve')
    .summary('approve what a run waits for')
    .description('Approves, and goes on with the run as resume does. A decision is taken once.')
    .argument('<thread>', "the run's id")
    .argument('[wait]', waitArgument)
    .option('--by <who>', 'who approves')
    .option('--comment <text>', 'why')
    .option('--form <field=value>', 'fill in a field of the form; may be repeated', collect, [])
    .addOption(storeOption())
    .addOption(jsonOption('print one event a line as JSON'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph approve r_8f3k2m9x0abcd7ef', 'approve'],
        ['stagegraph approve nightly publish --by ann --form channel=blog', 'one of several, filling in its form'],
      ),
    )
    .action(async (thread: string, wait: string | undefined, options: DecideOptions) =>
      cli.finish(await decide({ thread, wait, word: 'approved' }, options, cli.terminal)),
    )
}

export const addReject: AddCommand = (program, cli) => {
  program
    .command('reject')
    .summary('reject what a run waits for')
    .description('Rejects, and goes on with the run as its pipeline says. A decision is taken once.')
    .argument('<thread>', "the run's id")
    .argument('[wait]', waitArgument)
    .option('--by <who>', 'who rejects')
    .option('--comment <text>', 'why')
    .addOption(storeOption())
    .addOption(jsonOption('print one event a line as JSON'))
    .addHelpText('after', examples(['stagegraph reject r_8f3k2m9x0abcd7ef --comment "too expensive"', 'reject']))
    .action(async (thread: string, wait: string | undefined, options: DecideOptions) =>
      cli.finish(await decide({ thread, wait, word: 'rejected' }, options, cli.terminal)),
    )
}

export const addAnswer: AddCommand = (program, cli) => {
  program
    .command('answer')
    .summary('answer what a run asks')
    .description('Answers a question, and goes on with the run as resume does. The first answer stands.')
    .argument('<thread>', "the run's id")
    .argument('[wait]', waitArgument)
    .option('--value <json>', 'the answer, as JSON or text')
    .option('--form <field=value>', 'the same, field by field; may be repeated', collect, [])
    .option('--by <who>', 'who answers')
    .addOption(storeOption())
    .addOption(jsonOption('print one event a line as JSON'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph answer r_8f3k2m9x0abcd7ef --form city=Berlin', 'fill in a form'],
        ['stagegraph answer nightly amount --value 80', 'any other answer'],
      ),
    )
    .action(async (thread: string, wait: string | undefined, options: DecideOptions) =>
      cli.finish(await decide({ thread, wait, word: undefined }, options, cli.terminal)),
    )
}

interface Said {
  readonly thread: string
  readonly wait: string | undefined
  /** undefined: an answer. */
  readonly word: 'approved' | 'rejected' | undefined
}

async function decide(said: Said, options: DecideOptions, terminal: Terminal): Promise<ExitCode> {
  const { thread, word } = said
  const json = options.json ?? false
  const { openExisting } = await import('../open-engine.ts')
  const { lastSeq } = await import('../start-run.ts')
  const { knownThread } = await import('../known-thread.ts')
  await using open = await openExisting(terminal, options.store)
  await knownThread(open.engine, thread)
  const waits = await open.engine.pending(thread)
  const name = said.wait ?? theOnly(waits, said)
  const wait = waits.find(({ id, stage }) => id === name || stage === name)
  const after = await lastSeq(open, thread)
  const decided = await open.engine.decide(thread, name, decisionOf(word, options, wait))
  return await goOn(decided, open, { terminal, json, after })
}

async function goOn(
  { run, stage, thread, wait }: Decided,
  open: OpenEngine,
  { terminal, json, after }: { readonly terminal: Terminal; readonly json: boolean; readonly after: number },
): Promise<ExitCode> {
  if (!run) {
    if (json) writeJson(terminal.out, { type: 'decided', thread_id: thread, stage, wait })
    const next = nextSteps(thread, open.storePath, terminal.cwd)
    wordsTo(terminal, json).write(`The answer is kept; whoever runs ${thread} takes it up.\nfollow: ${next.watch}\n`)
    return 0
  }
  const { follow } = await import('../start-run.ts')
  const renderer = rendererFor((await open.engine.plan(thread)) as Plan, terminal, json)
  return await follow(run, open, { terminal, renderer, json }, renderer.wantsHistory ? 0 : after)
}

/** Throws ThreadError when nothing says which is meant. */
function theOnly(waits: readonly PendingWait[], { thread, word }: Said): string {
  const fitting = waits.filter(({ kind }) => (kind === 'approve') === (word !== undefined))
  const [wait, another] = fitting
  if (wait && !another) return wait.id
  const hint = another ? `Say which: ${fitting.map(({ id, stage }) => `${stage} (${id})`).join(', ')}.` : undefined
  const message = wait ? `"${thread}" waits for ${fitting.length} answers.` : `"${thread}" does not wait for that.`
  throw new ThreadError('no_open_wait', message, {
    hint: hint ?? `What it waits for: stagegraph pending ${thread}`,
  })
}

function decisionOf(word: Said['word'], options: DecideOptions, wait: PendingWait | undefined): Decision {
  const { by, comment, form = [], value } = options
  const filled = form.length === 0 ? undefined : readForm(form, formOf(wait?.kind, wait?.response_schema))
  const person = { ...(by !== undefined && { by }), ...(comment !== undefined && { comment }) }
  if (word !== undefined) return { decision: word, ...person, ...(filled && { form: filled }) }
  if ((value === undefined) === (filled === undefined)) {
    const message = 'Give the answer with --value, or with --form.'
    throw new InputError(message, [{ name: 'answer', message }])
  }
  return { answer: value === undefined ? (filled ?? {}) : jsonOrText(value), ...person }
}
