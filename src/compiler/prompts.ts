/** Prompts: texts in the pipeline, or files that are read and compiled in. */
import type { Diagnostic } from '../foundation/diagnostic.ts'
import { diagnostics } from '../foundation/diagnostics.ts'
import { isJsonObject, type Json } from '../foundation/json.ts'
import { createSource, type Source, type Span } from '../foundation/source.ts'
import type { StageKind } from '../foundation/stage-kind.ts'
import { type FileReader, fileDiagnostic, isFault } from './files.ts'
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

/** What the texts of all prompt files of a pipeline may come to: they are all in the plan. Characters. */
const maxTotalLength = 16 * 1024 * 1024

/** Everything in a stage's configuration that is a prompt. Files that cannot be read are reported and left out. */
export type PromptReader = (stage: Configured) => readonly Prompt[]

export function createPromptReader(
  parsed: ParsedPipeline,
  files: FileReader,
  report: (diagnostic: Diagnostic) => void,
): PromptReader {
  const sources = new Map<string, Source>()
  let total = 0

  function fromFile(path: string, span: () => Span): Source | undefined {
    const found = files.read(path)
    if (isFault(found)) {
      report(fileDiagnostic(span(), path, found, files.directory))
      return undefined
    }
    total += found.text.length
    if (total > maxTotalLength) {
      const reason = `makes the prompts of the pipeline longer than ${maxTotalLength} characters together`
      report(diagnostics.file_unreadable(span(), path, reason, files.directory))
      return undefined
    }
    const source = sources.get(path) ?? createSource(files.nameOf(path), found.text)
    sources.set(path, source)
    return source
  }

  return ({ kind, config, configPath }) =>
    slotPlaces(kind, config).flatMap(({ slot, path, value }): Prompt[] => {
      if (slot.is !== 'prompt') return []
      if (typeof value === 'string') return [{ configPath: path, text: value, source: undefined }]
      if (!isJsonObject(value) || typeof value.file !== 'string') return []
      const source = fromFile(value.file, () => parsed.spanOf([...configPath(path), 'file']))
      return source ? [{ configPath: path, text: source.text, source }] : []
    })
}
