/**
 * Proof that every step ran, and ran once: each step's function tells the witness its number.
 *
 * Part of the final state that is compared, so a rival that loses or repeats a step shows no time.
 */

export interface Witness {
  saw(step: number): void
  /** Called at the first step seen after this. */
  onFirst(listener: () => void): void
  reset(): void
  statement(): { readonly calls: number; readonly sum: number }
}

/** With `ordered` the sum also depends on the order in which the steps ran. */
export function createWitness(ordered: boolean): Witness {
  let calls = 0
  let sum = 0
  let first: (() => void) | undefined
  return {
    saw(step) {
      calls++
      sum = ordered ? (Math.imul(sum, 31) + step + 1) | 0 : (sum + Math.imul(step + 1, 0x9e3779b1)) | 0
      first?.()
      first = undefined
    },
    onFirst(listener) {
      first = listener
    },
    reset() {
      calls = 0
      sum = 0
    },
    statement: () => ({ calls, sum }),
  }
}
