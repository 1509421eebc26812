/** What the language has but this release has not: named, so that the diagnostic can say so. */

export const laterTopLevelKeys: ReadonlySet<string> = new Set(['tools', 'mcp', 'concurrency', 'pools'])

export const laterKinds: ReadonlySet<string> = new Set(['agent', 'tool'])

/** Keys beside later kinds included: their kind is what is reported, not they. */
export const laterStageKeys: ReadonlySet<string> = new Set(['wait_for', 'pool'])

/** Keys that stand beside a later kind; of no interest where the kind itself is reported. */
export const besideLaterKinds: ReadonlySet<string> = new Set(['with'])

/** Of an entry of `triggers:`. */
export const laterTriggerKeys: ReadonlySet<string> = new Set([
  'cron',
  'timezone',
  'catchup',
  'overlap',
  'webhook',
  'secret',
  'schema',
  'file',
  'events',
  'settle',
])

/** Of a stage that asks somebody. */
export const laterAsking: ReadonlySet<string> = new Set(['notify'])

export const laterLimits: ReadonlySet<string> = new Set(['cost_usd'])

export const laterStageLimits: ReadonlySet<string> = new Set(['memory', 'cost_usd', 'tokens'])
