/** What a stage id may be (language.md §3): it stands in expressions and names a node of the graph. */

export const idPattern = /^[a-z][a-z0-9_]*$/

/** Names of inputs and variables, read in expressions as `inputs.name`. */
export const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/

const celWords =
  'true false null in as break const continue else for function if import let loop package namespace return var void while'
const celTypes = 'int uint double bool string bytes list map null_type type dyn'
const graphNames =
  'flow settle finish finally on_error rollback inputs vars stages open run outputs env secrets constructor prototype __proto__ __start__ __end__'

export const reservedIds: ReadonlySet<string> = new Set(`${celWords} ${celTypes} ${graphNames}`.split(' '))

/** The nearest id to a text that is none, or undefined. `prefix` goes before what does not start with a letter. */
export function idLike(text: string, prefix: string): string | undefined {
  const words = underscored(text.toLowerCase(), /[^a-z0-9_]+/g)
  const made = /^[0-9]/.test(words) ? `${prefix}_${words}` : words
  return idPattern.test(made) ? made : undefined
}

/** The nearest name to a text that is none, or undefined. */
export function nameLike(text: string): string | undefined {
  const words = underscored(text, /[^A-Za-z0-9_]+/g)
  const made = /^[0-9]/.test(words) ? `_${words}` : words
  return namePattern.test(made) ? made : undefined
}

const underscored = (text: string, strange: RegExp): string =>
  text
    .trim()
    .replaceAll(strange, '_')
    .replaceAll(/^_+|_+$/g, '')
