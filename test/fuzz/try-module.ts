/** Reads the exports of one random source file of functions. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readExports } from '../../src/compiler/exports.ts'
import { spoil } from './expressions.ts'
import { few, pick, type Random, upTo } from './random.ts'
import { editText } from './text-edits.ts'

const folder = fileURLToPath(new URL('../../examples/functions', import.meta.url))
const sources = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))

const pieces = [
  'export * from "./a.ts"\n',
  'export * as b from "b"\n',
  'export default class {}\n',
  'export const { a, b: [c] } = d\n',
  'export { a as "a b" }\n',
  'export { type A, b }\n',
  'export type { A } from "a"\n',
  'export enum A { B }\n',
  'export namespace N { export const a = 1 }\n',
  'export async function* g() {}\n',
  'export = a\n',
  'module.exports = { a }\n',
  'exports.a = 1\n',
  'import("x")\n',
  'import.meta.url\n',
  '`${`${',
  '}`}`',
  '/(?<a>[/',
  '//',
  '/*',
  '<T>(a)\n',
  ' as const',
  ' satisfies A',
  '!',
  '@d ',
  'constructor(private a: A) {}',
  'declare ',
  'abstract ',
  '#!',
  '\u2028',
  '\ud800',
  '\\u{110000}',
] as const

/** Throws, with the source, when reading does, or gives neither names nor a reason. */
export function tryModule(random: Random): void {
  const text = randomModule(random)
  const name = pick(random, ['a.ts', 'a.ts', 'a.ts', 'a.mts', 'a.js', 'a.mjs', 'a.cts'])
  try {
    const found = readExports(text, name)
    if ('code' in found ? found.message === '' : found.names.includes('')) throw new Error(JSON.stringify(found))
  } catch (cause) {
    throw new Error(`this source file broke something: ${JSON.stringify(text)} as ${name}`, { cause })
  }
}

function randomModule(random: Random): string {
  let text = random() < 0.7 ? pick(random, sources) : ''
  for (let i = few(random, 4); i > 0; i--) {
    const at = upTo(random, text.length + 1)
    if (random() < 0.6) text = text.slice(0, at) + pick(random, pieces) + text.slice(at)
    else text = random() < 0.5 ? spoil(random, text) : editText(random, text)
  }
  return text
}
