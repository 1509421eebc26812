/** Names at the top level, and the places where only a literal may stand. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { isJsonObject, type Json } from '../../foundation/json.ts'
import { suggest } from '../../foundation/suggest.ts'
import type { Path } from '../parsed.ts'
import { quoted } from '../yaml/quote.ts'
import { nameLike, namePattern } from './ids.ts'
import { schemaKeywords } from './keywords.ts'
import type { Mutable, Shape } from './shape-context.ts'
import { hasTemplate } from './templates.ts'

const allowed = 'letters, digits and underscores, no digit first'

/** Reports a key that expressions could not read as a name. Keys with `${{ }}` have been reported. */
export function checkName(name: string, path: Path, what: string, shape: Shape): void {
  if (namePattern.test(name) || hasTemplate(name)) return
  shape.report(diagnostics.bad_name(shape.places.keySpanOf(path), name, what, allowed, nameLike(name)))
}

/** An input is `name` or, when it may be left out, `name?`. */
export function checkInputs(data: Mutable, shape: Shape): void {
  if (!isJsonObject(data.inputs)) return
  const seen = new Map<string, string>()
  for (const key of Object.keys(data.inputs)) {
    const name = key.endsWith('?') ? key.slice(0, -1) : key
    checkName(name, ['inputs', key], 'an input', shape)
    const first = seen.get(name)
    if (first !== undefined) {
      const { places, report } = shape
      report(diagnostics.duplicate_key(places.keySpanOf(['inputs', key]), name, places.keySpanOf(['inputs', first])))
    }
    seen.set(name, key)
  }
}

const variableKeys = ['type', 'merge', 'default']

/** A variable has its own three keys and, beside them, keywords of its schema. */
export function checkVariables(data: Mutable, shape: Shape): void {
  if (!isJsonObject(data.vars)) return
  for (const [name, variable] of Object.entries(data.vars)) {
    checkName(name, ['vars', name], 'a variable', shape)
    if (!isJsonObject(variable)) continue
    for (const key of Object.keys(variable)) {
      if (variableKeys.includes(key) || schemaKeywords.has(key)) continue
      const near = suggest(key, [...variableKeys, ...schemaKeywords])
      const span = shape.places.keySpanOf(['vars', name, key])
      shape.report(
        diagnostics.unknown_key(span, key, `the variable "${name}"`, near, 'Known keys: type, merge, default.'),
      )
      delete (variable as Mutable)[key]
    }
  }
}

/** `env:` holds names and one-entry maps; `secrets:` names. */
export function checkEnvList(data: Mutable, shape: Shape): void {
  const { places, report } = shape
  const entries = Array.isArray(data.env) ? data.env : []
  entries.forEach((entry: Json, index) => {
    if (typeof entry === 'string') checkName(entry, ['env', index], 'an environment variable', shape)
    if (!isJsonObject(entry)) return
    const names = Object.keys(entry)
    for (const name of names) checkName(name, ['env', index, name], 'an environment variable', shape)
    if (names.length === 1) return
    const message = `An entry of "env" is a name or a map with one name and its default; this one has ${names.length} names.`
    report(diagnostics.wrong_value(places.spanOf(['env', index]), message, 'Make an entry of each.'))
  })
  const secrets = Array.isArray(data.secrets) ? data.secrets : []
  secrets.forEach((name: Json, index) => {
    if (typeof name === 'string') checkName(name, ['secrets', index], 'a secret', shape)
  })
}

/** No `${{ }}` anywhere under these keys of the map at `base`. What holds one is replaced by nothing. */
export function checkLiterals(holder: Mutable, base: Path, keys: readonly string[], shape: Shape): void {
  for (const key of keys) {
    const value = holder[key]
    if (value !== undefined) checkLiteral(value, [...base, key], key, shape)
  }
}

function checkLiteral(value: Json, path: Path, section: string, shape: Shape): void {
  if (typeof value === 'string') {
    if (!hasTemplate(value)) return
    const name = `"${String(path.findLast((step) => typeof step === 'string'))}" in "${section}"`
    shape.report(diagnostics.template_not_allowed(shape.places.spanOf(path), name, undefined))
  } else if (Array.isArray(value)) {
    value.forEach((item: Json, index) => {
      checkLiteral(item, [...path, index], section, shape)
    })
  } else if (isJsonObject(value)) {
    for (const [key, inner] of Object.entries(value)) checkLiteral(inner, [...path, key], section, shape)
  }
}

/** A number that is rendered as text must read as it is written: `1.10` would become `1.1`. */
export function checkRenderedNumber(value: Json, path: Path, shape: Shape): void {
  if (typeof value !== 'number') return
  const written = shape.places.writtenAt(path)
  if (written === undefined || written === String(value)) return
  const fix = `${String(path.at(-1))}: ${quoted(written)}`
  shape.report(diagnostics.number_for_text(shape.places.spanOf(path), written, String(value), fix))
}
