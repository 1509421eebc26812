/** `stagegraph signal <event>`: tells an event to the runs that wait for it. */
import { parseDuration } from '../../foundation/duration.ts'
import { InputError } from '../../foundation/errors.ts'
import { jsonOrText } from '../answers.ts'
import { type AddCommand, collect, examples, jsonOption, storeOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import { writeJson } from '../render/json.ts'
import type { Terminal } from '../terminal.ts'

interface SignalOptions {
  readonly data?: string
  readonly id?: string
  readonly retain?: string
  readonly pipeline: readonly string[]
  readonly store?: string
  readonly json?: boolean
}

export const addSignal: AddCommand = (program, cli) => {
  program
    .command('signal')
    .summary('tell an event to the runs that wait for it')
    .description(
      'Tells an event to every run that waits for it, and goes on with those. It is kept for runs that come to wait ' +
        'for it later. An id counts once, so the command may be repeated.',
    )
    .argument('<event>', 'its name')
    .option('--data <json>', 'what it tells, as JSON or text')
    .option('--id <id>', 'what it is recognised by; made up without it')
    .option('--retain <duration>', 'how long it is kept', '1d')
    .option('--pipeline <file>', 'a pipeline whose triggers may start runs; may be repeated', collect, [])
    .addOption(storeOption())
    .addOption(jsonOption('print one JSON document, and one for each run that it came to'))
    .addHelpText(
      'after',
      examples([`stagegraph signal payment.received --id p_17 --data '{"order": "o1"}'`, 'tell of a payment']),
    )
    .action(async (event: string, options: SignalOptions) => cli.finish(await signal(event, options, cli.terminal)))
}

async function signal(event: string, options: SignalOptions, terminal: Terminal): Promise<ExitCode> {
  const { data, id, retain = '1d' } = options
  const retainMs = parseDuration(retain)
  if (retainMs === undefined) {
    const message = `"${retain}" is no duration such as 2h or 3d.`
    throw new InputError(message, [{ name: 'retain', message }])
  }
  const { loadPipelines, openExisting } = await import('../open-engine.ts')
  const { runOut } = await import('../run-out.ts')
  await using open = await openExisting(terminal, options.store, loadPipelines(options.pipeline, terminal.cwd))
  const told = await open.engine.signal({
    event,
    retainMs,
    ...(data !== undefined && { data: jsonOrText(data) }),
    ...(id !== undefined && { id }),
  })
  const json = options.json ?? false
  if (json) writeJson(terminal.out, { type: 'signal', id: told.id, event, duplicate: told.duplicate })
  else if (told.duplicate) terminal.out.write(`The event ${told.id} came before; nothing was done.\n`)
  else if (told.runs.length === 0) terminal.out.write(`No run waits for it now; ${told.id} is kept for ${retain}.\n`)
  const runs = told.runs.map((run) => ({ id: run.id, run }))
  await runOut(runs, open, terminal, json)
  return 0
}
