import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRedactor, mask } from '../../src/execution/redact.ts'

const secret = 'p4ss "word"/+\n$&x'
const redactor = createRedactor([secret, '', 'second-secret'])

describe('redaction', () => {
  it.each<[string, string]>([
    ['as it is', secret],
    ['JSON-escaped', JSON.stringify(secret).slice(1, -1)],
    ['URL-encoded', encodeURIComponent(secret)],
    ['form-encoded', encodeURIComponent(secret).replaceAll('%20', '+')],
    ['in hex', Buffer.from(secret).toString('hex')],
  ])('takes it out %s', (_, form) => {
    expect(redactor.text(`before ${form} after ${form}`)).toBe(`before ${mask} after ${mask}`)
  })

  it.each([0, 1, 2, 3, 7])('takes it out of base64 of a longer text, %i bytes before it', (shift) => {
    for (const encoding of ['base64', 'base64url'] as const) {
      const encoded = Buffer.from(`${'u'.repeat(shift)}${secret}tail`).toString(encoding)
      const shown = redactor.text(encoded)
      expect(shown).toContain(mask)
      expect(Buffer.from(shown.replaceAll(mask, ''), encoding).toString()).not.toContain(secret.slice(2, -2))
    }
  })

  it('goes through keys and values, and leaves alone what holds nothing', () => {
    const value = { [`k ${secret}`]: [{ deep: `x${secret}` }], same: ['a', 1, null, true] }
    expect(redactor.json(value)).toEqual({ [`k ${mask}`]: [{ deep: `x${mask}` }], same: ['a', 1, null, true] })
    const harmless = { a: ['b'] }
    expect(redactor.json(harmless)).toBe(harmless)
    expect(createRedactor([]).text(secret)).toBe(secret)
  })

  it('of a stream is that of the whole text, wherever it is cut', () => {
    const text = fc
      .array(fc.constantFrom(secret, 'second-secret', 'second-', 'p4ss', ' ', 'plain text'))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 200 })), (whole, cuts) => {
        const stream = redactor.stream()
        let at = 0
        let shown = ''
        for (const cut of cuts) {
          shown += stream.push(whole.slice(at, at + cut))
          at += cut
        }
        shown += stream.push(whole.slice(at)) + stream.end()
        expect(shown).toBe(redactor.text(whole))
      }),
      { seed: 1, numRuns: 300 },
    )
  })

  it('of a stream holds back only what may be the start of a secret', () => {
    const stream = redactor.stream()
    expect(stream.push('a line\n')).toBe('a line\n')
    expect(stream.push('sec')).toBe('')
    expect(stream.push('urity')).toBe('security')
    expect(stream.push('second-secre')).toBe('')
    expect(stream.push('t!')).toBe(`${mask}!`)
    expect(stream.end()).toBe('')
  })
})
