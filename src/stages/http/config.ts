/** What an `http:` stage may say. */
import { z } from 'zod'

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
export type Method = (typeof methods)[number]

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])

export const httpSchema = z.strictObject({
  url: z.string().min(1).describe('Address, `http:` or `https:`.'),
  method: z.enum(methods).optional().describe('Default: `GET`.'),
  query: z
    .record(z.string(), z.union([scalar, z.array(scalar)]))
    .optional()
    .describe('Added to the address, encoded. A list repeats its name; null is left out.'),
  headers: z.record(z.string(), scalar).optional().describe('Headers to send; null is left out.'),
  json: z.unknown().optional().describe('Body: any value, sent as JSON. Not together with `body`.'),
  body: z.string().optional().describe('Body: text, sent as it is.'),
  auth: z
    .strictObject({
      bearer: z.string().min(1).optional().describe('A token, sent as `Authorization: Bearer …`.'),
      basic: z
        .strictObject({
          user: z.string().describe('The user; no colon in it.'),
          password: z.string().describe('The password.'),
        })
        .optional()
        .describe('User and password, sent as `Authorization: Basic …`.'),
    })
    .optional()
    .describe('Credentials: `bearer` or `basic`.'),
  expect: z
    .strictObject({
      status: z
        .array(z.int().min(200).max(599))
        .min(1)
        .describe('Status codes that count as success. Default: 200–299.'),
    })
    .optional()
    .describe('What counts as success. A redirect whose status is listed is not followed.'),
  capture: z.literal('full').optional().describe('`full` = the output is `{status, headers, body}`.'),
})

export type HttpConfig = z.infer<typeof httpSchema>

/** GET and HEAD; what can be sent again without harm is `idempotent`. */
export const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])
