/** What is wrong with a value, at `path` inside it. `message` reads on from the value's name: `must be a number, not text`. */
export interface Problem {
  readonly path: readonly (string | number)[]
  readonly message: string
}
