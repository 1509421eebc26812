/** Looks into a zod schema: which keys a map at some place may have. Only asked when there is a fault to explain. */
import type { z } from 'zod'

interface Definition {
  readonly type: string
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>
  readonly innerType?: z.core.$ZodType
  readonly in?: z.core.$ZodType
  readonly element?: z.core.$ZodType
  readonly valueType?: z.core.$ZodType
  readonly options?: readonly z.core.$ZodType[]
  readonly left?: z.core.$ZodType
  readonly right?: z.core.$ZodType
  readonly getter?: () => z.core.$ZodType
}

/** Keys of the maps that `schema` takes at `path`. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  return [...new Set(schemasAt(schema, path).flatMap((each) => Object.keys(definitionOf(each).shape ?? {})))]
}

function schemasAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType[] {
  const [step, ...rest] = path
  const here = unwrap(schema)
  if (step === undefined) return here
  return here.flatMap((each) => {
    const { shape, element, valueType } = definitionOf(each)
    const next = shape?.[String(step)] ?? element ?? valueType
    return next ? schemasAt(next, rest) : []
  })
}

/** The schemas behind optional, default, union, intersection, lazy and pipe. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { innerType, in: input, options, left, right, getter } = definitionOf(schema)
  const inner = [innerType, input, left, right, getter?.(), ...(options ?? [])].filter((each) => each !== undefined)
  return inner.length === 0 ? [schema] : inner.flatMap(unwrap)
}

const definitionOf = (schema: z.core.$ZodType): Definition => schema._zod.def as Definition
