/**
 * The building blocks of the language's schema: texts, durations, schemas, values with expressions.
 *
 * Where a block is violated in a way that has a diagnostic of its own, the message of the zod issue is that code;
 * `issues.ts` turns it into the diagnostic. Conversions are never made: zod validates, the written data stays.
 */
import { z } from 'zod'
import { parseDuration } from '../../foundation/duration.ts'
import type { Json } from '../../foundation/json.ts'
import { retryCategories } from '../../foundation/plan.ts'
import { hasTemplate } from './templates.ts'

const noTemplate = (text: string): boolean => !hasTemplate(text)

/** A text that is fixed before the run starts. */
export const literalText = () => z.string().refine(noTemplate, { error: 'template_not_allowed', abort: true })

/** Any JSON value, with `${{ }}` in its texts. */
export const value = () => z.custom<Json>((found) => found !== undefined)

/** A text with `${{ }}` in it, or a value that is rendered as text. */
export const textTemplate = () => z.union([z.string(), z.number(), z.boolean()])

/** A bare CEL expression. */
export const expression = () => z.string().min(1)

/** `30s`, `1h30m`. */
export const duration = () =>
  z.string({ error: 'bad_duration' }).refine((text) => parseDuration(text) !== undefined, { error: 'bad_duration' })

/** A duration that may be computed. */
export const durationTemplate = () =>
  z
    .string({ error: 'bad_duration' })
    .refine((text) => hasTemplate(text) || parseDuration(text) !== undefined, { error: 'bad_duration' })

/** JSON Schema, the short form, or the name of a type. What it means is `foundation/schema`'s business. */
export const schemaValue = () => z.union([z.string(), z.looseObject({})])

export const retry = () =>
  z.strictObject({
    attempts: z.int().min(1).describe('How often it is tried at most, the first time included.').optional(),
    delay: duration().describe('How long to wait before the second attempt.').optional(),
    backoff: z
      .enum(['constant', 'linear', 'exponential'])
      .describe('How the delay grows from attempt to attempt.')
      .optional(),
    max_delay: duration().describe('The longest delay.').optional(),
    jitter: z
      .boolean()
      .describe('Shorten each delay by a random part, so that many retries do not coincide.')
      .optional(),
    on: z.array(z.enum(retryCategories)).describe('The categories of failure that are tried again.').optional(),
  })

/** A body makes no progress of its own, so there is no `idle`. */
export const bodyTimeout = () =>
  z.union([
    durationTemplate(),
    z.strictObject({ total: durationTemplate().describe('The same, in a map.').optional() }),
  ])

export const timeout = () =>
  z.union([
    durationTemplate(),
    z.strictObject({
      total: durationTemplate().describe('The longest time an attempt may take.').optional(),
      idle: durationTemplate().describe('The longest time without output or progress.').optional(),
    }),
  ])
