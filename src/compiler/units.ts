/**
 * The pipelines of a compile: the one that is asked for, and those that are stages in it. Each file is parsed, declared
 * and checked once, as a pipeline of its own.
 */
import { resolve } from 'node:path'
import type { Diagnostic } from '../foundation/diagnostic.ts'
import { diagnostics } from '../foundation/diagnostics.ts'
import { createSource, type Source, type Span } from '../foundation/source.ts'
import type { CompileContext } from './context.ts'
import { type ChildDeclaration, type Declarations, declare } from './declarations.ts'
import { fileDiagnostic, isFault } from './files.ts'
import type { ParsedPipeline } from './parsed.ts'
import { parse } from './phases/1-parse.ts'
import { check, gatherFacts, outputsOf } from './phases/2-check.ts'
import { maxWrittenOut, textLength } from './text-length.ts'

export interface Units {
  /** What could be made of the text; absent when nothing could. `file` is its absolute path, where it has one. */
  open(source: Source, file: string | null): Pick<ChildDeclaration, 'parsed' | 'declarations'> | undefined
  /** Of all pipelines. */
  readonly diagnostics: readonly Diagnostic[]
  /** By name, for code frames. */
  readonly sources: ReadonlyMap<string, Source>
}

interface Unit extends ChildDeclaration {
  /** The names of the longest chain of pipelines inside it. */
  readonly below: readonly string[]
}

/** A file that is being compiled, and the one that holds it. */
interface Link {
  readonly file: string | null
  readonly name: string
  readonly context: CompileContext
  readonly above: Link | undefined
}

/** How many levels of pipelines there may be. */
const mostLevels = 16

export function createUnits(context: CompileContext): Units {
  const found: Diagnostic[] = []
  const sources = new Map<string, Source>()
  const known = new Map<string, Unit | undefined>()

  function compile(source: Source, link: Link): Unit | undefined {
    sources.set(source.name, source)
    const { parsed, diagnostics: parseFaults } = parse(source, link.context.kinds)
    if (parsed && textLength(parsed.data) > maxWrittenOut) {
      found.push(diagnostics.too_many_aliases(source.span(0, 0), maxWrittenOut))
      return undefined
    }
    found.push(...parseFaults)
    if (!parsed) return undefined
    let below: readonly string[] = []
    const { declarations, diagnostics: declaredFaults } = declare(parsed, link.context, (path, span) => {
      const child = openChild(path, span, link)
      if (child && child.below.length + 1 > below.length) below = [link.context.files.nameOf(path), ...child.below]
      return child
    })
    for (const each of declarations.sources) sources.set(each.name, each)
    found.push(...declaredFaults)
    const outputs = checkUnit(parsed, declarations, parseFaults, link.context)
    return { parsed, declarations, outputs, directory: link.context.files.directory, below }
  }

  function checkUnit(
    parsed: ParsedPipeline,
    declarations: Declarations,
    told: readonly Diagnostic[],
    unitContext: CompileContext,
  ) {
    const facts = gatherFacts(parsed, declarations, unitContext)
    found.push(...untold(check(facts), told))
    return outputsOf(facts)
  }

  function openChild(path: string, span: Span, link: Link): Unit | undefined {
    const { files } = link.context
    const file = resolve(files.directory, path)
    const name = files.nameOf(path)
    const chain = [...chainOf(link)]
    const start = chain.findLastIndex((each) => each.file === file)
    const names = chain.map((each) => each.name)
    if (start !== -1) {
      found.push(diagnostics.pipeline_cycle(span, [...names.slice(start), name]))
      return undefined
    }
    const unit = chain.length > mostLevels ? undefined : read(path, file, name, span, link)
    const whole = [...names, name, ...(unit?.below ?? [])]
    if (whole.length <= mostLevels + 1) return unit
    found.push(diagnostics.pipelines_too_deep(span, whole, mostLevels))
    return undefined
  }

  function read(path: string, file: string, name: string, span: Span, link: Link): Unit | undefined {
    if (known.has(file)) return known.get(file)
    const { files } = link.context
    const text = files.read(path)
    if (isFault(text)) {
      found.push(fileDiagnostic(span, path, text, files.directory))
      return undefined
    }
    const inside: CompileContext = { ...link.context, files: files.beside(path), isChild: true }
    const unit = compile(createSource(name, text.text), { file, name, context: inside, above: link })
    known.set(file, unit)
    return unit
  }

  return {
    open: (source, file) => compile(source, { file, name: source.name, context, above: undefined }),
    diagnostics: found,
    sources,
  }
}

/** The files that hold one another, outermost first. */
function* chainOf(link: Link): Generator<Link> {
  if (link.above) yield* chainOf(link.above)
  yield link
}

/** Warnings about a place that a trap was found at say the same fault again. */
function untold(found: readonly Diagnostic[], told: readonly Diagnostic[]): readonly Diagnostic[] {
  const places = new Set(told.map(({ span }) => `${span.file} ${span.start.offset}`))
  return found.filter(({ severity, span }) => severity === 'error' || !places.has(`${span.file} ${span.start.offset}`))
}
