/** `stagegraph doctor`: can this machine run pipelines, and what is missing? */
import { type AddCommand, examples, storeOption } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'

export const addDoctor: AddCommand = (program, cli) => {
  program
    .command('doctor')
    .summary('check this machine and project')
    .description('Checks Node, the store, optional packages and the platform. Exits 1 when something will not work.')
    .addOption(storeOption())
    .addHelpText('after', examples(['stagegraph doctor', 'is everything there?']))
    .action(async ({ store }: { store?: string }) => cli.finish(await doctor(store, cli.terminal)))
}

async function doctor(store: string | undefined, terminal: Terminal): Promise<ExitCode> {
  const { examine } = await import('../examine.ts')
  const findings = await examine(terminal, store)
  const { style } = terminal.out
  const glyph = {
    good: style.paint('green', style.glyphs.succeeded),
    note: style.paint('yellow', style.glyphs.tolerated),
    bad: style.paint('red', style.glyphs.failed),
  }
  for (const { state, text } of findings) terminal.out.write(`${glyph[state]} ${text}\n`)
  return findings.some(({ state }) => state === 'bad') ? 1 : 0
}
