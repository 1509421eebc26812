/** Text that neither compresses to nothing nor repeats: words drawn by a seeded generator. */

/** ASCII text of exactly `bytes` bytes; equal for equal seeds. */
export function textOf(bytes: number, seed: number): string {
  let state = (seed + 1) * 0x9e3779b1
  const word = (): string => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 0).toString(36)
  }
  const words: string[] = []
  for (let length = 0; length < bytes; ) {
    const next = word()
    words.push(next)
    length += next.length + 1
  }
  return words.join(' ').slice(0, bytes)
}
