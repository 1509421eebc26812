/** Text as YAML that means exactly this text: for the fixes in hints. */

/** In double quotes, or in single ones when the text holds double quotes or backslashes. */
export function quoted(text: string): string {
  if (!/["\\]/.test(text)) return `"${text}"`
  return /[\n\t]/.test(text) ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`
}

const risky = /^[-?:,[\]{}#&*!|>'"%@`\s]|: |:$| #|\s$/

/** The text alone where that is enough outside of `[ ]` and `{ }`, else in quotes. */
export const plainOrQuoted = (text: string): string => (risky.test(text) || text === '' ? quoted(text) : text)
