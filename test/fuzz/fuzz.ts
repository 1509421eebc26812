/**
 * Random documents and expressions. Nothing may come back but a diagnostic or a value: no crash, no hang, no stray error.
 *
 * Everything follows from the seed: `npm run fuzz -- --seed 7 --count 1000` repeats a run.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compilePipeline } from '../../src/compiler/compile.ts'
import { createEvaluator } from '../../src/foundation/expression/evaluate.ts'
import { ExpressionError } from '../../src/foundation/expression/types.ts'
import { assertJson, type Json } from '../../src/foundation/json.ts'
import { builtinFunctions, builtinKinds } from '../../src/stages/index.ts'

/** A number in [0, 1). mulberry32, by Tommy Ettinger (public domain). */
export type Random = () => number

export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
const upTo = (random: Random, n: number): number => Math.floor(random() * n)

const root = fileURLToPath(new URL('../..', import.meta.url))
const seeds: readonly string[] = [join(root, 'examples'), join(root, 'test/broken/cases')].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(join(folder, name), 'utf8')),
)

const scraps = [
  '${{',
  '}}',
  '{{',
  '"',
  "'",
  '\\',
  '#',
  ': ',
  '- ',
  '[',
  ']',
  '{',
  '}',
  '&a',
  '*a',
  '!',
  '!!map',
  '|',
  '>',
  '|2-',
  '%YAML 1.1\n',
  '---\n',
  '...\n',
  '\t',
  '\r\n',
  '\u0000',
  '\ufeff',
  '\ud800',
  '\u2028',
  '<<: *a',
  '? ',
  '~',
  'null',
  '.nan',
  '-.inf',
  '0x10',
  '1e999',
  '__proto__: 1',
  'constructor',
  'stages.a.output',
  'needs: [a]',
  'id: a',
  'if: true',
  '@',
  '`',
  ',',
  '😀',
  'x'.repeat(200),
] as const

/** A pipeline that once made sense, changed in one to twelve places. */
export function randomDocument(random: Random): string {
  let text = pick(random, seeds)
  for (let i = 1 + upTo(random, 12); i > 0; i--) text = mutate(random, text)
  return text
}

function mutate(random: Random, text: string): string {
  const at = upTo(random, text.length + 1)
  const length = upTo(random, 12)
  switch (upTo(random, 6)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length)
    case 1:
      return text.slice(0, at) + pick(random, scraps) + text.slice(at)
    case 2:
      return text.slice(0, at) + pick(random, scraps) + text.slice(at + length)
    case 3: {
      const lines = text.split('\n')
      lines.splice(upTo(random, lines.length), 0, pick(random, lines))
      return lines.join('\n')
    }
    case 4: {
      const lines = text.split('\n')
      lines.splice(upTo(random, lines.length), 1 + upTo(random, 3))
      return lines.join('\n')
    }
    default:
      return text.slice(0, at) + ' '.repeat(upTo(random, 4)) + text.slice(at)
  }
}

const atoms = [
  '1',
  '2.5',
  '0',
  '-3',
  'true',
  'null',
  '"a"',
  "'b'",
  '[]',
  '[1, 2, 3]',
  '{}',
  '{"k": 1}',
  'inputs',
  'inputs.n',
  'inputs.s',
  'inputs.list',
  'inputs.map',
  'inputs.none',
  'vars.x',
  'stages.a.output',
  'unknown',
  'constructor',
  '__proto__',
  'e',
] as const
const operators = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', '&&', '||', 'in'] as const
const calls = [
  'size',
  'json',
  'sum',
  'avg',
  'min',
  'max',
  'round',
  'sort',
  'unique',
  'flatten',
  'keys',
  'values',
  'range',
  'hash',
  'slug',
  'coalesce',
  'parse_json',
  'now',
  'time',
  'dur',
  'nothing',
  'string',
  'double',
  'type',
] as const
const methods = [
  'map(e, ',
  'filter(e, ',
  'all(e, ',
  'exists(e, ',
  'matches(',
  'split(',
  'join(',
  'contains(',
  'replace("a", ',
  'startsWith(',
] as const

/** An expression of the grammar, now and then with something in it that is none. */
export function randomExpression(random: Random, depth = 4): string {
  const inner = () => randomExpression(random, depth - 1)
  if (depth === 0 || random() < 0.2) return random() < 0.03 ? pick(random, scraps) : pick(random, atoms)
  switch (upTo(random, 8)) {
    case 0:
      return `${inner()} ${pick(random, operators)} ${inner()}`
    case 1:
      return `(${inner()})`
    case 2:
      return `${inner()} ? ${inner()} : ${inner()}`
    case 3:
      return `${pick(random, calls)}(${inner()})`
    case 4:
      return `${inner()}.${pick(random, methods)}${inner()})`
    case 5:
      return `[${inner()}, ${inner()}]`
    case 6:
      return `${inner()}[${inner()}]`
    default:
      return `${random() < 0.5 ? '!' : '-'}${inner()}`
  }
}

/** Compiles one random document. Throws with the document when something else than diagnostics comes back. */
export function tryDocument(random: Random): void {
  const text = randomDocument(random)
  try {
    const { diagnostics, plan } = compilePipeline(text, {
      path: join(root, 'examples/fuzz.yaml'),
      kinds: builtinKinds,
      functions: builtinFunctions,
      models: new Set(),
    })
    const failed = diagnostics.some(({ severity }) => severity === 'error')
    if (failed === (plan !== undefined)) throw new Error('a plan and an error, or neither')
    for (const { span, message } of diagnostics) {
      if (span.start.line < 1 || span.start.column < 1 || span.end.offset < span.start.offset)
        throw new Error('a bad span')
      if (/undefined|\[object /.test(message)) throw new Error(`a bad message: ${message}`)
    }
  } catch (cause) {
    throw new Error(`this document broke the compiler:\n${JSON.stringify(text)}`, { cause })
  }
}

const names: Readonly<Record<string, Json>> = {
  inputs: { n: 4, s: 'text', list: [3, 1, 2], map: { k: 'v' }, none: null },
  vars: { x: 1 },
  stages: { a: { output: { deep: [1, { x: 2 }] }, status: 'succeeded' } },
}

/** Evaluates one random expression. Throws when anything comes back but JSON or an ExpressionError. */
export function tryExpression(random: Random, evaluator: ReturnType<typeof createEvaluator>): void {
  const source = randomExpression(random)
  try {
    assertJson(evaluator.expression(source, { names, nowMs: 0 }))
  } catch (cause) {
    if (cause instanceof ExpressionError) return
    throw new Error(`this expression broke the evaluator: ${source}`, { cause })
  }
}

export interface FuzzReport {
  readonly documents: number
  readonly expressions: number
  /** Milliseconds of the slowest single input. */
  readonly slowestMs: number
}

/** Half documents, half expressions. */
export function fuzz(seed: number, count: number, onProgress: (done: number) => void = () => {}): FuzzReport {
  const random = seeded(seed)
  const evaluator = createEvaluator()
  let slowestMs = 0
  for (let i = 0; i < count; i++) {
    const before = performance.now()
    if (i % 2 === 0) tryDocument(random)
    else tryExpression(random, evaluator)
    slowestMs = Math.max(slowestMs, performance.now() - before)
    if ((i + 1) % 10_000 === 0) onProgress(i + 1)
  }
  return { documents: Math.ceil(count / 2), expressions: Math.floor(count / 2), slowestMs }
}
