/** Called by 08-typescript.yaml: a plain exported function is enough. */
export interface CountInput {
  readonly text: string
  readonly longerThan: number
}

export function countWords({ text, longerThan }: CountInput) {
  const words = text
    .toLowerCase()
    .split(/\W+/)
    .filter((word) => word.length > longerThan)
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  const longest = words.reduce((best, word) => (word.length > best.length ? word : best), '')
  return { words: words.length, longest, counts }
}
