/** Values as written → templates. */
import { parseDuration } from '../../foundation/duration.ts'
import { compileTemplate } from '../../foundation/expression/template.ts'
import type { Json } from '../../foundation/json.ts'
import { literal, type Template } from '../../foundation/template.ts'

/** Milliseconds where the duration is written out, else a template that gives its text. */
export function durationTemplate(text: string): Template {
  const ms = parseDuration(text)
  return ms === undefined ? compileTemplate(text) : literal(ms)
}

export const templates = (values: Readonly<Record<string, Json>> | undefined): Record<string, Template> =>
  Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, compileTemplate(value)]))
