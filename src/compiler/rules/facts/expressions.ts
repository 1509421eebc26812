/** Every expression of the pipeline, checked in its scope. */
import { createChecker } from '../../../foundation/expression/check.ts'
import { splitTemplate, type TemplateFault } from '../../../foundation/expression/template.ts'
import type { CheckedExpression, TypeScope } from '../../../foundation/expression/types.ts'
import type { Span } from '../../../foundation/source.ts'
import type { Site } from './sites.ts'

export interface CheckedSite {
  readonly site: Site
  readonly source: string
  readonly checked: CheckedExpression
  /** The value is nothing but this expression, so it keeps its type. */
  readonly whole: boolean
  /** Where `[start, end)` of the expression's source stands. */
  spanIn(start: number, end: number): Span
}

export interface Expressions {
  readonly all: readonly CheckedSite[]
  /** Texts whose `${{` could not be read. */
  readonly unread: readonly { readonly site: Site; readonly fault: TemplateFault }[]
  /** The expression that a value at this path is, when it is nothing but one. */
  wholeAt(path: Site['path']): CheckedSite | undefined
  /** The text at this path has a `${{` that could not be read, so nothing is known of its value. */
  isUnread(path: Site['path']): boolean
}

export function checkExpressions(sites: readonly Site[], scopeOf: (site: Site) => TypeScope): Expressions {
  const checker = createChecker()
  const all: CheckedSite[] = []
  const unread: { site: Site; fault: TemplateFault }[] = []
  const whole = new Map<string, CheckedSite>()

  function add(site: Site, source: string, offset: number, isWhole: boolean): void {
    let checked: CheckedExpression | undefined
    const made: CheckedSite = {
      site,
      source,
      whole: isWhole,
      spanIn: (start, end) => site.spanIn(offset + start, offset + end),
      // When it is asked for: the types of some names are those of other expressions.
      get checked() {
        checked ??= checker.check(source, scopeOf(site))
        return checked
      },
    }
    all.push(made)
    if (isWhole) whole.set(site.path.join('\0'), made)
  }

  for (const site of sites) {
    if (site.is === 'expression') {
      add(site, site.text, 0, true)
      continue
    }
    if (!site.text.includes('${{')) continue
    const { parts, faults } = splitTemplate(site.text)
    for (const fault of faults) unread.push({ site, fault })
    const isWhole =
      faults.length === 0 && parts.filter((part) => typeof part !== 'string' || part.trim() !== '').length === 1
    for (const part of parts) if (typeof part !== 'string') add(site, part.source, part.start, isWhole)
  }
  const unreadPaths = new Set(unread.map(({ site }) => site.path.join('\0')))
  return {
    all,
    unread,
    wholeAt: (path) => whole.get(path.join('\0')),
    isUnread: (path) => unreadPaths.has(path.join('\0')),
  }
}
