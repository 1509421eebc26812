/** Prompts: texts in the pipeline, or files that are read and compiled in. */
import type { Diagnostic } from '../foundation/diagnostic.ts'
import { diagnostics } from '../foundation/diagnostics.ts'
import { isJsonObject, type Json } from '../foundation/json.ts'
import { createSource, type Source } from '../foundation/source.ts'
import type { StageKind } from '../foundation/stage-kind.ts'
import { type FileReader, isFault } from './files.ts'
import type { ParsedPipeline, Path } from './parsed.ts'
import { slotPlaces } from './spec/slots.ts'

/** A text that stands for a prompt: in the pipeline itself, or in a file of its own. */
export interface Prompt {
  /** Place of the prompt's value in the kind's configuration. */
  readonly configPath: Path
  readonly text: string
  /** The file's source; undefined when the text stands in the pipeline. */
  readonly source: Source | undefined
}

interface Configured {
  readonly kind: StageKind
  readonly config: Json
  readonly configPath: (path: Path) => Path
}

/** Everything in a stage's configuration that is a prompt. Files that cannot be read are reported and left out. */
export function readPrompts(
  { kind, config, configPath }: Configured,
  parsed: ParsedPipeline,
  files: FileReader,
  report: (diagnostic: Diagnostic) => void,
): { readonly prompts: readonly Prompt[]; readonly files: readonly Source[] } {
  const prompts: Prompt[] = []
  for (const { slot, path, value } of slotPlaces(kind, config)) {
    if (slot.is !== 'prompt') continue
    if (typeof value === 'string') prompts.push({ configPath: path, text: value, source: undefined })
    if (!isJsonObject(value) || typeof value.file !== 'string') continue
    const found = files.read(value.file)
    if (!isFault(found)) {
      prompts.push({ configPath: path, text: found.text, source: createSource(value.file, found.text) })
      continue
    }
    const span = parsed.spanOf([...configPath(path), 'file'])
    if (found.code === 'file_not_text') report(diagnostics.file_not_text(span, value.file, found.reason))
    else report(diagnostics.file_unreadable(span, value.file, found.reason, files.directory))
  }
  return { prompts, files: prompts.flatMap(({ source }) => source ?? []) }
}
