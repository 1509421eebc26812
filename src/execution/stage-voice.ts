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

export const createVoice = (stage: string, redactor: Redactor, say: (event: RunEventBody) => void): StageVoice =>
  new Voice(stage, redactor, say)

/** What a stage says in pieces is put together by what is made when it first does. */
class Voice implements StageVoice {
  private readonly stage: string
  private readonly redactor: Redactor
  private readonly say: (event: RunEventBody) => void
  private over = false
  private stdout: Output | undefined
  private stderr: Output | undefined
  private tokens: RedactedStream | undefined

  constructor(stage: string, redactor: Redactor, say: (event: RunEventBody) => void) {
    this.stage = stage
    this.redactor = redactor
    this.say = say
  }

  progress(fraction: number, message?: string): void {
    if (this.over || !Number.isFinite(fraction)) return
    const reached = Math.min(1, Math.max(0, fraction))
    const shown = message === undefined ? {} : { message: this.redactor.text(String(message)) }
    this.say({ type: 'stage.progressed', stage: this.stage, fraction: reached, ...shown })
  }

  log(message: string, fields?: JsonObject): void {
    if (this.over) return
    const { stage, redactor } = this
    const shown = fields === undefined ? {} : { fields: redactor.json(plainFields(fields)) as JsonObject }
    this.say({ type: 'stage.logged', stage, level: 'info', message: redactor.text(String(message)), ...shown })
  }

  output(stream: 'stdout' | 'stderr', text: string): void {
    if (!this.over) this.outputOf(stream).push(String(text))
  }

  token(text: string): void {
    if (this.over) return
    this.tokens ??= this.redactor.stream()
    this.sayToken(this.tokens.push(String(text)))
  }

  end(): void {
    if (this.over) return
    this.stdout?.end()
    this.stderr?.end()
    if (this.tokens) this.sayToken(this.tokens.end())
    this.over = true
  }

  private outputOf(stream: 'stdout' | 'stderr'): Output {
    this[stream] ??= createOutput(stream, this.stage, this.redactor, this.say)
    return this[stream]
  }

  private sayToken(text: string): void {
    if (text !== '') this.say({ type: 'token.streamed', stage: this.stage, text })
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
