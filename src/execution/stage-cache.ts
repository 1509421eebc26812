/**
 * `cache: { key, ttl }`: outputs kept across runs, with what stages inside set and how the body ended. A change of the
 * stage changes what its key means.
 */
import { digest, type Json } from '../foundation/json.ts'
import type { Left } from './stage-end.ts'
import { evaluate, type StageAtWork } from './stage-work.ts'
import { rootOf, type Workshop } from './workshop.ts'

export interface StageCache {
  /** Undefined when there is nothing, or the cache cannot be read. */
  find(): Promise<Kept | undefined>
  /** Never rejects: a result that cannot be kept is still a result. */
  keep(end: Kept): Promise<void>
}

type Kept = Left & { readonly output?: Json }

/** Undefined when the stage has no cache, or the host none. Throws ExpressionError. */
export function cacheOf(shop: Workshop, at: StageAtWork): StageCache | undefined {
  const { cache, clock, logger } = shop.deps
  const rule = at.stage.cache
  if (!cache || !rule) return undefined
  const { id, kind, config, env, output: schema, body } = at.stage
  const key = digest([
    rootOf(shop, at.view).name,
    id,
    kind,
    digest([config, env ?? null, schema ?? null, ...(body ? [body, 'left'] : [])] as unknown as Json),
    evaluate(shop, at, rule.key),
  ])
  const warn = (message: string, error: unknown) => logger.warn(message, { stage: at.path, error: String(error) })
  return {
    async find() {
      try {
        const found = await cache.getCached(key, clock.now())
        return found && (body ? (found.value as Kept) : { output: found.value })
      } catch (error) {
        warn('the cache could not be read', error)
        return undefined
      }
    },
    async keep({ output = null, parts, body: ended }) {
      const left = { output, ...(parts && { parts }), ...(ended && { body: ended }) }
      try {
        await cache.putCached(key, body ? (left as unknown as Json) : output, clock.now() + rule.ttlMs)
      } catch (error) {
        warn('the cache could not be written', error)
      }
    },
  }
}
