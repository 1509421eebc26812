/**
 * A YAML value with expressions in it, compiled to plain JSON, so that a plan can hold it.
 *
 * Literal subtrees collapse into one `literal`; a value that is nothing but `${{ … }}` is an `expression` and keeps its
 * type; an expression inside longer text is a part of a `text`. `source` is CEL, trimmed, without the `${{ }}`.
 */
import type { Json } from './json.ts'

export type Template =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'expression'; readonly source: string }
  | { readonly kind: 'text'; readonly parts: readonly (string | { readonly source: string })[] }
  | { readonly kind: 'list'; readonly items: readonly Template[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [string, Template])[] }

export const literal = (value: Json): Template => ({ kind: 'literal', value })

/** Every expression source in the template, in order of appearance. */
export function sourcesOf(template: Template): string[] {
  switch (template.kind) {
    case 'literal':
      return []
    case 'expression':
      return [template.source]
    case 'text':
      return template.parts.flatMap((part) => (typeof part === 'string' ? [] : [part.source]))
    case 'list':
      return template.items.flatMap(sourcesOf)
    case 'map':
      return template.entries.flatMap(([, inner]) => sourcesOf(inner))
  }
}
