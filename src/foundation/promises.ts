/** What is there at once and what comes later: most trivial stages never need a promise. */

/** Also of another realm, or made by hand. */
export const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
