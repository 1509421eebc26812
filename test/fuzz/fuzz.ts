/**
 * Random documents, expressions, schemas and source files of functions. Nothing may come back but a diagnostic, JSON or an ExpressionError: no
 * crash, no hang, no stray error.
 *
 * Each input follows from its own seed: `npm run fuzz -- --seed 7 --count 1` repeats one.
 */
import { type Random, seeded } from './random.ts'
import { tryDocument } from './try-document.ts'
import { createExpressionTools, tryExpression } from './try-expression.ts'
import { tryModule } from './try-module.ts'
import { trySchema } from './try-schema.ts'

export type InputKind = 'documents' | 'expressions' | 'schemas' | 'modules'

export interface FuzzReport {
  readonly documents: number
  readonly expressions: number
  readonly schemas: number
  readonly modules: number
  /** The slowest inputs, slowest first. */
  readonly slowest: readonly { readonly seed: number; readonly kind: InputKind; readonly ms: number }[]
}

/** Half documents, three of ten expressions, the rest schemas and a few source files. */
export function createFuzzer(): (seed: number) => InputKind {
  const tools = createExpressionTools()
  return (seed) => {
    const random: Random = seeded(seed)
    const way = random()
    if (way < 0.5) {
      tryDocument(random)
      return 'documents'
    }
    if (way < 0.8) {
      tryExpression(random, tools)
      return 'expressions'
    }
    if (way < 0.98) {
      trySchema(random)
      return 'schemas'
    }
    tryModule(random)
    return 'modules'
  }
}

/** The inputs of `count` seeds from `seed` on. Throws at the first that breaks something, naming its seed. */
export function fuzz(
  seed: number,
  count: number,
  onStart: (seed: number, done: number) => void = () => {},
): FuzzReport {
  const attempt = createFuzzer()
  const counts: Record<InputKind, number> = { documents: 0, expressions: 0, schemas: 0, modules: 0 }
  let slowest: FuzzReport['slowest'] = []
  for (let i = 0; i < count; i++) {
    const own = (seed + i) % 2 ** 32
    onStart(own, i)
    const before = performance.now()
    const kind = named(own, attempt)
    const ms = performance.now() - before
    counts[kind]++
    if (slowest.length < 5 || ms > (slowest.at(-1)?.ms ?? 0)) {
      slowest = [...slowest, { seed: own, kind, ms }].toSorted((a, b) => b.ms - a.ms).slice(0, 5)
    }
  }
  return { ...counts, slowest }
}

function named(seed: number, attempt: (seed: number) => InputKind): InputKind {
  try {
    return attempt(seed)
  } catch (cause) {
    throw new Error(`seed ${seed} (repeat: npm run fuzz -- --seed ${seed} --count 1)`, { cause })
  }
}
