/** Reads one output stream of a child: passes the text on, keeps all of it or its end, and counts its bytes. */
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** How much of a stream's end is kept for error messages, in UTF-16 units. */
const tailLength = 8_192

export interface Capture {
  /** What was kept so far: everything, or the last few kilobytes. */
  text(): string
}

export interface CaptureOptions {
  readonly keep: 'all' | 'tail'
  /** Called for every byte count; answering false means that it was too much and reading stops. */
  readonly allow: (bytes: number) => boolean
  readonly onText: (text: string) => void
}

/** A character that is split over two chunks arrives whole. */
export function captureStream(stream: Readable, { keep, allow, onText }: CaptureOptions): Capture {
  const decoder = new StringDecoder('utf8')
  const kept = keep === 'all' ? keepAll() : keepTail()
  const pass = (text: string): void => {
    if (text === '') return
    kept.add(text)
    onText(text)
  }
  stream.on('data', (chunk: Buffer) => {
    if (stream.destroyed) return
    if (allow(chunk.length)) pass(decoder.write(chunk))
    else stream.destroy()
  })
  stream.on('end', () => pass(decoder.end()))
  stream.on('error', () => {}) // a pipe that breaks when its process is killed says nothing new
  return { text: kept.text }
}

function keepAll() {
  const pieces: string[] = []
  return { add: (text: string) => void pieces.push(text), text: () => pieces.join('') }
}

function keepTail() {
  let end = ''
  return {
    add(text: string) {
      end += text
      if (end.length > 2 * tailLength) end = end.slice(-tailLength)
    },
    text: () => end.slice(-tailLength),
  }
}
