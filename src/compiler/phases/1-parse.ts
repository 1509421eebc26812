/**
 * Parse: text → a spec that knows where everything stood. The first phase of the compiler.
 *
 *   const { parsed, diagnostics } = parse(createSource('report.yaml', text), builtinKinds)
 *
 * Gates come first (`yaml/characters.ts`, `yaml/read.ts`), then the tree (`yaml/tree.ts`), then the shape
 * (`spec/shape.ts`). When the text gives a reason, it is searched for traps (`yaml/traps.ts`), those are masked, and it
 * is read once more: so one trap costs one diagnostic, and everything else is still reported in the same go.
 */
import type { ParsedNode } from 'yaml'
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { JsonObject } from '../../foundation/json.ts'
import type { Source } from '../../foundation/source.ts'
import type { StageKinds } from '../../foundation/stage-kind.ts'
import type { ParsedPipeline } from '../parsed.ts'
import { checkShape } from '../spec/shape.ts'
import { valueIn } from '../spec/value-in.ts'
import type { PipelineSpec } from '../spec.ts'
import { checkCharacters } from '../yaml/characters.ts'
import { masked } from '../yaml/mask.ts'
import { createPlaces, type Places } from '../yaml/places.ts'
import { type Gated, limits, type ReadYaml, readYaml, type SyntaxFault } from '../yaml/read.ts'
import { explainSyntax } from '../yaml/syntax.ts'
import type { Trap } from '../yaml/trap.ts'
import { findTraps } from '../yaml/traps.ts'
import { readTree, type Tree } from '../yaml/tree.ts'

export interface Parsed {
  /** Absent when the text is no YAML, or holds no list of stages; given with other errors, so that checking can go on. */
  readonly parsed?: ParsedPipeline
  readonly diagnostics: readonly Diagnostic[]
}

export function parse(source: Source, kinds: StageKinds): Parsed {
  const unreadable = checkCharacters(source)
  if (unreadable.length > 0) return { diagnostics: unreadable }
  const document = readDocument(source)
  if ('gate' in document) return { diagnostics: [gateDiagnostic(document, source)] }
  const { contents, tree, found, broken } = document
  if (broken) return { diagnostics: found }
  const places = createPlaces(contents, source, tree.targets)
  const { data, diagnostics: shape } = checkShape(tree.value, places, kinds)
  const all = [...found, ...shape]
  return data ? { parsed: parsedPipeline(source, data, places), diagnostics: all } : { diagnostics: all }
}

interface ReadDocument {
  readonly contents: ParsedNode | null
  readonly tree: Tree
  readonly found: readonly Diagnostic[]
  /** The text is no YAML, so its tree means nothing. */
  readonly broken: boolean
}

function readDocument(source: Source): ReadDocument | Gated {
  const first = readYaml(source.text)
  if ('gate' in first) return first
  const tree = readTree(first.contents, source, [])
  const traps = first.faults.length > 0 || tree.suspicious ? separate(findTraps(source.text)) : []
  if (traps.length === 0) return settle(source, first, tree, [])
  const masks = traps.map(({ mask }) => mask)
  const second = readYaml(masked(source.text, masks))
  if ('gate' in second) return second
  const said = traps.slice(0, limits.faults).map(({ at, say }) => say(source.span(at.start, at.end)))
  return settle(source, second, readTree(second.contents, source, masks), said)
}

/** In order; of two that overlap the first. */
function separate(traps: readonly Trap[]): Trap[] {
  let end = 0
  return traps
    .toSorted((a, b) => a.mask.start - b.mask.start)
    .filter(({ mask }) => {
      const apart = mask.start >= end && mask.end > mask.start
      if (apart) end = mask.end
      return apart
    })
}

function settle(
  source: Source,
  { contents, faults, secondDocument }: ReadYaml,
  tree: Tree,
  traps: readonly Diagnostic[],
): ReadDocument {
  const found = [...traps]
  if (secondDocument !== undefined) found.push(diagnostics.several_documents(documentSpan(source, secondDocument)))
  found.push(...explainSyntax(faults, contents, source))
  found.push(...(faults.length === 0 ? tree.diagnostics : beforeFaults(tree.diagnostics, faults)))
  return { contents, tree, found, broken: faults.length > 0 }
}

/** After a syntax error the tree says little that is true. */
function beforeFaults(found: readonly Diagnostic[], faults: readonly SyntaxFault[]): Diagnostic[] {
  const first = faults.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY)
  return found.filter(({ span }) => span.end.offset < first)
}

function documentSpan(source: Source, offset: number) {
  const marker = /---(?=\s|$)/.exec(source.text.slice(offset, offset + 1_000))
  const start = marker ? offset + marker.index : offset
  return source.span(start, start + 3)
}

function gateDiagnostic({ gate }: Gated, source: Source): Diagnostic {
  const span = source.span(gate.offset, gate.offset + 1)
  switch (gate.code) {
    case 'too_many_nodes':
      return diagnostics.too_many_nodes(span, limits.nodes)
    case 'nested_too_deep':
      return diagnostics.nested_too_deep(span, limits.nesting)
    case 'too_many_aliases':
      return diagnostics.too_many_aliases(span, limits.aliases)
  }
}

function parsedPipeline(source: Source, data: JsonObject, places: Places): ParsedPipeline {
  return {
    source,
    spec: data as unknown as PipelineSpec,
    data,
    valueAt: (path) => valueIn(data, path),
    spanOf: places.spanOf,
    keySpanOf: places.keySpanOf,
    spanIn: places.spanIn,
  }
}
