/** `Retry-After`: when the other side wants to be asked again. */

/**
 * Milliseconds, or undefined when the header is absent or unreadable. A date is measured against the answer's own `Date`
 * header, so that two clocks that differ do no harm.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  if (/^\d+(?:\.\d+)?$/.test(value)) return Math.round(Number(value) * 1_000)
  const at = Date.parse(value)
  const now = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(at) ? undefined : Math.max(0, at - (Number.isNaN(now) ? Date.now() : now))
}
