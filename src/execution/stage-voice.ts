/**
 * What a running stage says: output, log lines, tokens, progress. Secrets are hidden, output is capped, and nothing is
 * said once the attempt is over.
 */

import type { RunEventBody } from '../foundation/events.ts'
import { assertJson, type Json, type JsonObject } from '../foundation/json.ts'
import type { StageContext } from '../foundation/stage-kind.ts'
import type { RedactedStream, Redactor } from './redact.ts'

/** Characters of a command's output, per attempt and stream, that are kept. */
export const maxOutputLength = 1_048_576
/** Characters of one `stage.output` event. */
const maxPieceLength = 65_536

export interface StageVoice extends Pick<StageContext, 'progress' | 'log' | 'output' | 'token'> {
  /** Says what was held back, and nothing more. */
  end(): void
}

/** What a stage says in pieces is put together by what is made when it first does. */
export function createVoice(stage: string, redactor: Redactor, say: (event: RunEventBody) => void): StageVoice {
  let over = false
  let stdout: Output | undefined
  let stderr: Output | undefined
  let tokens: RedactedStream | undefined

  function outputOf(stream: 'stdout' | 'stderr'): Output {
    if (stream === 'stdout') {
      stdout ??= createOutput(stream, stage, redactor, say)
      return stdout
    }
    stderr ??= createOutput(stream, stage, redactor, say)
    return stderr
  }
  const token = (text: string) => {
    if (text !== '') say({ type: 'token.streamed', stage, text })
  }

  return {
    progress(fraction, message) {
      if (over || !Number.isFinite(fraction)) return
      const reached = Math.min(1, Math.max(0, fraction))
      const shown = message === undefined ? {} : { message: redactor.text(String(message)) }
      say({ type: 'stage.progressed', stage, fraction: reached, ...shown })
    },
    log(message, fields) {
      if (over) return
      const shown = fields === undefined ? {} : { fields: redactor.json(plainFields(fields)) as JsonObject }
      say({ type: 'stage.logged', stage, level: 'info', message: redactor.text(String(message)), ...shown })
    },
    output(stream, text) {
      if (!over) outputOf(stream).push(String(text))
    },
    token(text) {
      if (over) return
      tokens ??= redactor.stream()
      token(tokens.push(String(text)))
    },
    end() {
      if (over) return
      stdout?.end()
      stderr?.end()
      if (tokens) token(tokens.end())
      over = true
    },
  }
}

interface Output {
  push(text: string): void
  end(): void
}

function createOutput(
  stream: 'stdout' | 'stderr',
  stage: string,
  redactor: Redactor,
  say: (event: RunEventBody) => void,
): Output {
  const redacted = redactor.stream()
  let left = maxOutputLength

  function show(text: string): void {
    const kept = text.slice(0, Math.max(0, left))
    for (let at = 0; at < kept.length; at += maxPieceLength) {
      say({ type: 'stage.output', stage, stream, text: kept.slice(at, at + maxPieceLength) })
    }
    if (left > 0 && text.length > left) say({ type: 'stage.output', stage, stream, text: '', truncated: true })
    left -= text.length
  }

  return {
    push(text) {
      show(redacted.push(text))
    },
    end() {
      show(redacted.end())
    },
  }
}

/** Fields that are no JSON are said as text: a log line never fails a stage. */
function plainFields(fields: JsonObject): Json {
  try {
    assertJson(fields)
    return fields
  } catch {
    return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, String(value)]))
  }
}
