import { describe, expect, it } from 'vitest'
import { shapeDiagnostics } from '../../../src/foundation/diagnostics/shape.ts'
import { yamlDiagnostics } from '../../../src/foundation/diagnostics/yaml.ts'
import { read } from './parsing.ts'

const entries = Object.entries({ ...yamlDiagnostics, ...shapeDiagnostics })

/** Their text would fill megabytes; the example only hints at it. */
const tooLargeToPrint: ReadonlySet<string> = new Set(['file_too_large', 'too_many_nodes'])

describe('the catalogue entry', () => {
  it.each(entries)('%s shows a pipeline that has the fault and no other', (code, { wrong }) => {
    if (tooLargeToPrint.has(code)) return
    expect(read(wrong).diagnostics.map((each) => each.code)).toEqual([code])
  })

  it.each(entries)('%s shows the same pipeline mended', (_, { right }) => {
    expect(read(right).diagnostics).toEqual([])
  })

  it.each(entries)('%s is explained in whole sentences', (_, { summary, explanation }) => {
    expect(summary).toMatch(/\.$/)
    expect(explanation.length).toBeGreaterThan(40)
    expect(explanation).toMatch(/\.$/)
  })
})
