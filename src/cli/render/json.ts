/**
 * `--json`: one JSON value a line on stdout, each with the schema version `v`; whatever is meant for people goes to
 * stderr. JSON escapes control characters itself.
 */
import { eventSchemaVersion } from '../../foundation/events.ts'
import type { Output, Terminal } from '../terminal.ts'
import type { Renderer } from './renderer.ts'

export function createJsonRenderer({ out, err }: Pick<Terminal, 'out' | 'err'>): Renderer {
  return {
    wantsHistory: false,
    event: (event) => out.write(`${JSON.stringify(event)}\n`),
    note: (text) => err.write(`${text}\n`),
    end() {},
  }
}

/** One value of ours, with the schema version in front. */
export function writeJson(out: Output, value: object): void {
  out.write(`${JSON.stringify({ v: eventSchemaVersion, ...value })}\n`)
}
