/** `cache: { key, ttl }`: outputs kept across runs. A change of the stage changes what its key means. */
import { digest, type Json } from '../foundation/json.ts'
import { evaluate, type StageAtWork } from './stage-work.ts'
import { rootOf, type Workshop } from './workshop.ts'

export interface StageCache {
  /** Undefined when there is nothing, or the cache cannot be read. */
  find(): Promise<{ readonly value: Json } | undefined>
  /** Never rejects: a result that cannot be kept is still a result. */
  keep(output: Json): Promise<void>
}

/** Undefined when the stage has no cache, or the host none. Throws ExpressionError. */
export function cacheOf(shop: Workshop, at: StageAtWork): StageCache | undefined {
  const { cache, clock, logger } = shop.deps
  const rule = at.stage.cache
  if (!cache || !rule) return undefined
  const { id, kind, config, env, output, body } = at.stage
  const key = digest([
    rootOf(shop, at.view).name,
    id,
    kind,
    digest([config, env ?? null, output ?? null, ...(body ? [body] : [])] as unknown as Json),
    evaluate(shop, at, rule.key),
  ])
  const warn = (message: string, error: unknown) => logger.warn(message, { stage: at.path, error: String(error) })
  return {
    async find() {
      try {
        return await cache.getCached(key, clock.now())
      } catch (error) {
        warn('the cache could not be read', error)
        return undefined
      }
    },
    async keep(value) {
      try {
        await cache.putCached(key, value, clock.now() + rule.ttlMs)
      } catch (error) {
        warn('the cache could not be written', error)
      }
    },
  }
}
