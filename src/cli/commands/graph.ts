/** `stagegraph graph <file>`: draws a pipeline as text. */
import { Option } from 'commander'
import type { Plan } from '../../foundation/plan.ts'
import { type AddCommand, examples } from '../cli.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'

/** Version of what `--format json` prints. */
const drawingVersion = 1

type Format = 'mermaid' | 'dot' | 'json'

export const addGraph: AddCommand = (program, cli) => {
  program
    .command('graph')
    .summary('draw a pipeline')
    .description('Prints the stages of a pipeline and what they wait for, as a drawing in text. Nothing is run.')
    .argument('<file>', 'the pipeline, a YAML file')
    .addOption(new Option('--format <format>', 'how to draw').choices(['mermaid', 'dot', 'json']).default('mermaid'))
    .addHelpText(
      'after',
      examples(
        ['stagegraph graph report.yaml', 'Mermaid, for Markdown'],
        ['stagegraph graph report.yaml --format dot | dot -Tsvg > report.svg', 'Graphviz'],
      ),
    )
    .action(async (file: string, { format }: { format: Format }) => cli.finish(await graph(file, format, cli.terminal)))
}

async function graph(file: string, format: Format, terminal: Terminal): Promise<ExitCode> {
  const { loadPipeline, formatDiagnostics } = await import('../load-pipeline.ts')
  const loaded = loadPipeline(file, terminal.cwd)
  if (!loaded.plan) {
    terminal.err.write(`${formatDiagnostics(loaded)}\n`)
    return 2
  }
  const text = await draw(loaded.plan, format)
  terminal.out.write(text.endsWith('\n') ? text : `${text}\n`)
  return 0
}

async function draw(plan: Plan, format: Format): Promise<string> {
  const { drawDot, drawJson, drawMermaid } = await import('../../compiler/draw.ts')
  switch (format) {
    case 'mermaid':
      return drawMermaid(plan)
    case 'dot':
      return drawDot(plan)
    case 'json':
      return JSON.stringify({ v: drawingVersion, ...drawJson(plan) }, null, 2)
  }
}
