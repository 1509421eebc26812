/** The short form of a schema: a word with `[]` and `?` behind it. */

/** More of them than anyone means. */
const mostSuffixes = 16

export interface ShortForm {
  /** The name of a type. */
  readonly word: string
  /** Outermost last: `string?[]` is a list of nullable texts. */
  readonly suffixes: readonly ('[]' | '?')[]
}

/** undefined when there are too many suffixes. */
export function readShortForm(text: string): ShortForm | undefined {
  const suffixes: ('[]' | '?')[] = []
  let end = text.length
  for (;;) {
    const suffix = text.endsWith('?', end) ? '?' : text.endsWith('[]', end) ? '[]' : undefined
    if (!suffix) return { word: text.slice(0, end), suffixes: suffixes.reverse() }
    if (suffixes.length === mostSuffixes) return undefined
    suffixes.push(suffix)
    end -= suffix.length
  }
}
