/**
 * Every place of a pipeline where an expression may stand, with what may stand there: the texts of stages and outputs,
 * bare conditions, prompt files.
 */
import { isJsonObject, type Json } from '../../../foundation/json.ts'
import type { Source, Span } from '../../../foundation/source.ts'
import type { Slot } from '../../../foundation/stage-kind.ts'
import type { Declarations, StageDeclaration } from '../../declarations.ts'
import type { ParsedPipeline, Path } from '../../parsed.ts'
import { slotPlaces } from '../../spec/slots.ts'
import { givenOnError, handlersOf, type ListedStage, type StageList } from '../../stage-tree.ts'

export interface Site {
  readonly text: string
  /** A bare expression, or a text with `${{ }}` in it. */
  readonly is: 'expression' | 'text'
  readonly view: View
  /** How the place is called: `if`, `env`, `with.query`. */
  readonly label: string
  readonly path: Path
  /** Where `[start, end)` of the text stands. */
  spanIn(start: number, end: number): Span
  readonly extra: 'none' | 'output' | 'error' | 'event' | StartExtra
  /** What it gives is a duration. */
  readonly duration: boolean
  /** Reads variables as they are when it is evaluated, whoever set them. */
  readonly live?: true
  /** Functions in files say only when they run which of their fields may hold secrets, so they get a `yes`. */
  readonly secrets: 'yes' | 'no'
}

/** Where there is no run yet: of a trigger, its `match` and the `with` of either kind. */
export type StartExtra = 'starting_event' | 'by_event' | 'by_pipeline'

/** From where an expression looks at the stages. */
export interface View {
  /** The stage that reads: it sees what it waits for, and what the stages around it wait for. */
  readonly reader: ListedStage | undefined
  /** A list whose stages are all done. */
  readonly end: StageList | undefined
  /** The list whose names are in scope: items and iterations of what is around it. */
  readonly names: StageList
}

export function findSites(parsed: ParsedPipeline, declared: Declarations): Site[] {
  const { root } = declared.tree
  const stages = declared.stages.flatMap((stage) => stageSites(stage, parsed))
  const view: View = { reader: undefined, end: root, names: root }
  const outputs = textsIn(parsed.data.outputs ?? null, ['outputs']).map(({ text, path }) =>
    site(parsed, text, path, { view, label: String(path[1] ?? 'outputs') }),
  )
  return [
    ...stages,
    ...defaultSites(parsed, declared),
    ...outputs,
    ...endSites(parsed, declared),
    ...triggerSites(parsed, view),
  ]
}

/** The conditions of the pipeline's own handlers. */
function endSites(parsed: ParsedPipeline, { tree }: Declarations): Site[] {
  return handlersOf(parsed.spec.on_error).flatMap(({ when }, at): Site[] => {
    const names = tree.onError[at]
    if (when === undefined || !names) return []
    const view: View = { reader: undefined, end: undefined, names }
    return [site(parsed, when, ['on_error', at, 'when'], { view, label: 'when', is: 'expression' })]
  })
}

function triggerSites(parsed: ParsedPipeline, view: View): Site[] {
  return (parsed.spec.triggers ?? []).flatMap((trigger, index): Site[] => {
    const base: Path = ['triggers', index]
    const extra = trigger.pipeline === undefined ? 'by_event' : 'by_pipeline'
    const more = { view, label: 'match', is: 'expression', extra: 'starting_event' } as const
    const match = trigger.match === undefined ? [] : [site(parsed, trigger.match, [...base, 'match'], more)]
    const given = textsIn((trigger.with ?? null) as Json, [...base, 'with']).map(({ text, path }) =>
      site(parsed, text, path, { view, label: `with.${String(path[3])}`, extra }),
    )
    return [...match, ...given]
  })
}

const viewOf = (stage: ListedStage): View => ({ reader: stage, end: undefined, names: stage.list })

/** How the configuration of a stage looks from this place in it: some of it is asked inside the body. */
function configView(stage: ListedStage, [first, second]: Path): View {
  const [list] = stage.lists
  const kind = stage.kind?.body?.kind
  if (!list || (kind !== 'foreach' && kind !== 'loop')) return viewOf(stage)
  if (first === 'result' || second === 'until') return { reader: stage, end: list, names: list }
  return second === 'while' ? { reader: stage, end: undefined, names: list } : viewOf(stage)
}

/**
 * `defaults.timeout`, as the stages that take it over read it. Every one of them matters only where what may be read
 * differs from stage to stage.
 */
function defaultSites(parsed: ParsedPipeline, { tree: { all, root } }: Declarations): Site[] {
  const text = parsed.spec.defaults?.timeout
  if (typeof text !== 'string' || !text.includes('${{')) return []
  const heirs = all.filter(({ kind, spec }) => spec.timeout === undefined && !kind?.body && !kind?.waits)
  const readers = /stages|vars/.test(text) ? heirs : heirs.slice(0, 1)
  const views = heirs.length === 0 ? [{ reader: undefined, end: root, names: root }] : readers.map(viewOf)
  return views.map((view) =>
    site(parsed, text, ['defaults', 'timeout'], { view, label: 'defaults.timeout', duration: true }),
  )
}

function stageSites(declared: StageDeclaration, parsed: ParsedPipeline): Site[] {
  const { spec, path: base } = declared.stage
  const view = viewOf(declared.stage)
  const sites: Site[] = []
  if (spec.if !== undefined) sites.push(site(parsed, spec.if, [...base, 'if'], { view, label: 'if', is: 'expression' }))
  sites.push(...configSites(declared, parsed))
  const add = (value: Json | undefined, key: string, more: Partial<Site> = {}) => {
    for (const { text, path } of textsIn(value ?? null, [...base, ...key.split('.')])) {
      sites.push(site(parsed, text, path, { view, label: key, ...more }))
    }
  }
  add(spec.timeout as Json | undefined, 'timeout', { duration: true })
  add(spec.env as Json | undefined, 'env', { secrets: 'yes' })
  add(spec.idempotency_key, 'idempotency_key')
  add(spec.cache?.key, 'cache.key')
  add(spec.set as Json | undefined, 'set', { extra: 'output' })
  return [...sites, ...errorSites(declared.stage, parsed)]
}

/** What `on_error` of a stage asks, and what it goes on with. */
function errorSites(stage: ListedStage, parsed: ParsedPipeline): Site[] {
  const base: Path = [...stage.path, 'on_error']
  const more = { view: viewOf(stage), extra: 'error' } as const
  const conditions = handlersOf(stage.spec.on_error).flatMap(({ when }, at) =>
    when === undefined
      ? []
      : [site(parsed, when, [...base, at, 'when'], { ...more, label: 'on_error.when', is: 'expression' })],
  )
  const values = givenOnError(stage).flatMap(({ value, path }) =>
    textsIn(value, path).map((each) => site(parsed, each.text, each.path, { ...more, label: 'on_error.continue' })),
  )
  return [...conditions, ...values]
}

function configSites(declared: StageDeclaration, parsed: ParsedPipeline): Site[] {
  const { kind, config, stage } = declared
  const slots = new Map(slotPlaces(kind, config).map(({ slot, path }) => [path.join('\0'), slot]))
  const inline = textsIn(config, []).flatMap(({ text, path }): Site[] => {
    const slot = slots.get(path.join('\0'))
    const at = declared.configPath(path)
    const label = labelOf(kind.name, path)
    const view = configView(stage, path)
    if (slot?.is === 'expression') return [site(parsed, text, at, { view, label, is: 'expression' })]
    if (slot?.is === 'later') {
      const live = slot.extra === 'none' && ({ live: true } as const)
      return [site(parsed, text, at, { view, label, is: 'expression', extra: slot.extra, ...live })]
    }
    if (slot?.is === 'literal' || isInside(path, slots)) return []
    const duration = kind.body?.kind === 'loop' && path[1] === 'delay'
    return [site(parsed, text, at, { view, label, secrets: secretsAt(declared, path, slots), duration })]
  })
  return [...inline, ...declared.prompts.map((prompt) => promptSite(prompt, declared, parsed))]
}

function promptSite(
  { text, source, configPath }: StageDeclaration['prompts'][number],
  stage: StageDeclaration,
  parsed: ParsedPipeline,
): Site {
  const made = site(parsed, text, stage.configPath(configPath), {
    view: viewOf(stage.stage),
    label: labelOf(stage.kind.name, configPath),
  })
  return source ? { ...made, spanIn: (start, end) => (source as Source).span(start, end) } : made
}

const labelOf = (kind: string, path: Path): string =>
  path.length === 0 ? kind : path.filter((step) => typeof step === 'string').join('.') || kind

/** Prompts have sites of their own, also those that are files; schemas have none. */
const isInside = (path: Path, slots: ReadonlyMap<string, Slot>): boolean =>
  prefixes(path).some((key) => ['prompt', 'schema'].includes(slots.get(key)?.is ?? ''))

/** `secrets` covers everything below its place; in the `with` of a registered function only the fields that it marks. */
function secretsAt(
  { kind, registered }: StageDeclaration,
  path: Path,
  slots: ReadonlyMap<string, Slot>,
): Site['secrets'] {
  if (!prefixes(path).some((key) => slots.get(key)?.is === 'secrets')) return 'no'
  if (kind.name !== 'uses' || path[0] !== 'with' || !registered) return 'yes'
  return registered.secrets?.includes(String(path[1])) ? 'yes' : 'no'
}

const prefixes = (path: Path): string[] => path.map((_, index) => path.slice(0, index + 1).join('\0'))

function site(
  parsed: ParsedPipeline,
  text: string,
  path: Path,
  more: Pick<Site, 'view' | 'label'> & Partial<Site>,
): Site {
  return {
    text,
    is: 'text',
    path,
    extra: 'none',
    secrets: 'no',
    duration: false,
    spanIn: (start, end) => parsed.spanIn(path, start, end),
    ...more,
  }
}

/** Every text in a value, with its path. */
function textsIn(value: Json, path: Path): { text: string; path: Path }[] {
  if (typeof value === 'string') return [{ text: value, path }]
  if (Array.isArray(value)) return value.flatMap((item, index) => textsIn(item, [...path, index]))
  return isJsonObject(value) ? Object.entries(value).flatMap(([key, inner]) => textsIn(inner, [...path, key])) : []
}
