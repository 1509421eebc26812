import { describe, expect, it } from 'vitest'
import { rules } from '../../../src/compiler/rules/index.ts'
import { compileText, said } from '../rules/checking.ts'

/** A fault for each of several rules, which have nothing to do with each other. */
const faulty = `name: p
inputs: { n: { type: number, default: many }, s: string }
vars: { v: { type: number }, w: { type: string, merge: sum } }
secrets: [TOKEN]
stages:
  - id: a
    needs: [b]
    transform: 1
  - id: b
    needs: [a]
    transform: 2
  - id: c
    needs: [gone]
    transform: \${{ inputs.x }}
  - id: d
    needs: []
    if: inputs.s
    transform: "\${{ secrets.TOKEN }} \${{ env.HOME }}"
    set: { v: "\${{ inputs.s }}", u: 1 }
  - id: e
    needs: []
    transform: \${{ stages.d.output }}
    set: { v: 3 }
outputs: { v: "\${{ vars.v }} \${{ vars.w }} \${{ inputs.n }}" }
`

describe('check', () => {
  it('tells everything at once, in the order of the text', () => {
    expect(said(faulty).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'bad_default 2:39',
      'merge_mismatch 3:56',
      'need_cycle 7:13',
      'unknown_stage 13:13',
      'unknown_field 14:27',
      'condition_not_boolean 17:9',
      'secret_not_allowed 18:21',
      'undeclared_env 18:46',
      'value_mismatch 19:15',
      'unknown_variable 19:34',
      'stage_not_upstream 22:27',
      'write_race 23:12',
    ])
  })

  it('tells nothing twice', () => {
    const { diagnostics } = compileText(faulty)
    const keys = diagnostics.map(({ code, span }) => `${code} ${span.start.offset}`)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('tells once what an alias brings to several stages', () => {
    const aliased = 'id: c\n    <<: *b\n  - id: d\n    transform: *t\n'
    const text = `name: p\nx-b: &b { transform: &t "\${{ inputs.x }}" }\nstages:\n  - id: a\n    <<: *b\n  - ${aliased}`
    expect(said(text)).toEqual(['unknown_field 2:37 There is no field "x".'])
  })

  it('says the same of the same text', () => {
    expect(compileText(faulty).diagnostics).toEqual(compileText(faulty).diagnostics)
  })

  it('gives no plan with an error, and one with warnings', () => {
    expect(compileText(faulty).plan).toBeUndefined()
    const warned = compileText('name: p\ninputs: { a: string }\nstages:\n  - id: a\n    transform: 1\n')
    expect(warned.diagnostics.map(({ code }) => code)).toEqual(['unused_input'])
    expect(warned.plan?.name).toBe('p')
  })

  it('goes through a list of rules, each once', () => {
    expect(new Set(rules).size).toBe(rules.length)
  })

  it('takes thousands of stages, each with a condition, in list order', () => {
    const stages = Array.from({ length: 2_000 }, (_, i) => {
      const read = i === 0 ? '1' : `coalesce(stages.s${i - 1}.output.?n, 0)`
      return `  - id: s${i}\n    if: inputs.a\n    transform: { n: "\${{ ${read} }}" }\n    set: { v: 1 }\n`
    })
    const head = 'name: p\ninputs: { a: boolean }\nvars: { v: { type: number } }\nstages:\n'
    const text = `${head}${stages.join('')}outputs: { v: "\${{ vars.v }}" }\n`
    expect(compileText(text).diagnostics).toEqual([])
  })
})
