/** The function that the stages of this benchmark name. */
export const noop = (): number => 1
