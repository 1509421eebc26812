/** The same tree written in many ways: flow and block collections, five kinds of scalars, aliases. All mean the same. */
import type { Json } from '../../src/foundation/json.ts'
import { type Random, upTo } from './random.ts'

export function writeYaml(random: Random, tree: Json): string {
  if (random() < 0.2) return JSON.stringify(tree, null, upTo(random, 3))
  const text = createWriter(random)(tree, 0).replace(/^\n/, '')
  return random() < 0.05 ? text.replaceAll('\n', '\r\n') : text
}

/** Writes what follows a key or a dash. */
function createWriter(random: Random): (node: Json, depth: number) => string {
  const anchors = new Map<string, string>()
  let made = 0
  return write

  function write(node: Json, depth: number): string {
    if (typeof node !== 'object' || node === null) return scalar(random, node, '  '.repeat(depth))
    const json = JSON.stringify(node)
    const anchor = anchors.get(json)
    if (anchor !== undefined && random() < 0.5) return `*${anchor}`
    const text = collection(node, depth)
    if (random() > 0.1 || json.length < 8) return text
    const name = `n${++made}`

    anchors.set(json, name)
    return `&${name}${text.startsWith('\n') ? '' : ' '}${text}`
  }

  function collection(node: Exclude<Json, string | number | boolean | null>, depth: number): string {
    const pad = '  '.repeat(depth)
    const entries = Object.entries(node)
    if (entries.length === 0 || (depth > 0 && random() < 0.05)) return JSON.stringify(node)
    if (Array.isArray(node)) return node.map((item) => `\n${pad}-${after(write(item, depth + 1))}`).join('')
    return entries.map(([key, inner]) => `\n${pad}${keyText(random, key)}:${after(write(inner, depth + 1))}`).join('')
  }
}

const after = (text: string): string => (text.startsWith('\n') ? text : ` ${text}`)

const keyText = (random: Random, key: string): string =>
  /^[a-z][\w?-]*$/i.test(key) && random() < 0.9 ? key : JSON.stringify(key)

/** Words that a plain scalar would not be. */
const words = /^(?:true|false|null|yes|no|on|off|y|n|~)$/i

function scalar(random: Random, value: Exclude<Json, object>, pad: string): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  const style = random()
  if (style < 0.25 && /^[a-z][\w.]*(?: [\w.]+)*$/i.test(value) && !words.test(value)) return value
  const printable = !/[^\P{C}\n]/u.test(value) && !/[\u2028\u2029]/.test(value)
  if (style < 0.5 && printable && value !== '' && value === value.trim() && !/\n[ \n]/.test(value)) {
    const header = value.includes('\n') || random() < 0.5 ? '|-' : '>-'
    return `${header}\n${value.replace(/^/gm, `${pad}  `)}`
  }
  if (style < 0.65 && printable && !value.includes('\n')) return `'${value.replaceAll("'", "''")}'`
  return JSON.stringify(value)
}
