import { describe, expect, it } from 'vitest'
import { compileTemplate, isWholeExpression, splitTemplate } from '../../../src/foundation/expression/template.ts'

/** Expressions as `<source>`, and every segment checked to stand where it says. */
function shown(text: string): string[] {
  return splitTemplate(text).parts.map((part) => {
    if (typeof part === 'string') return part
    expect(text.slice(part.start, part.end)).toBe(part.source)
    return `<${part.source}>`
  })
}

const faultsOf = (text: string) =>
  splitTemplate(text).faults.map(({ code, start, end }) => [code, text.slice(start, end)])

describe('splitting a text into pieces and expressions', () => {
  it.each([
    ['no expression', ['no expression']],
    ['', []],
    ['${{ a }}', ['<a>']],
    ['a ${{ b }} c ${{d}}', ['a ', '<b>', ' c ', '<d>']],
    ['${{\n  a\n}}', ['<a>']],
    ['${{ {"a": {"b": 1}} }}!', ['<{"a": {"b": 1}}>', '!']],
    ['${{ {"a":{}}}}', ['<{"a":{}}>']],
    ['${{ "}}" }}', ['<"}}">']],
    ["${{ '}}' + r'}}' }}", ["<'}}' + r'}}'>"]],
    ['${{ """}}\n"}}""" }}', ['<"""}}\n"}}""">']],
    ['${{ r"""}}""" }}', ['<r"""}}""">']],
    ['${{ "\\"}}" }}', ['<"\\"}}">']],
    ['${{ a // }}\n }}', ['<a // }}>']],
  ])('%j', (text, parts) => {
    expect(shown(text)).toEqual(parts)
    expect(splitTemplate(text).faults).toEqual([])
  })

  it('makes a literal ${{ of $${{', () => {
    expect(shown('$${{ a }} ${{ b }}')).toEqual(['${{ a }} ', '<b>'])
    expect(shown('cost: $$${{ a }}')).toEqual(['cost: $${{ a }}'])
  })

  it('names what it cannot read and goes on behind it', () => {
    expect(faultsOf('${{ a')).toEqual([['unclosed_expression', '${{ a']])
    expect(faultsOf('x ${{ a\nnext line')).toEqual([['unclosed_expression', '${{ a']])
    expect(faultsOf('${{ }} and ${{ b }}')).toEqual([['expression_syntax', '${{ }}']])
    expect(faultsOf('${{ a } }} ${{ "b }} ${{ c }}')).toEqual([
      ['expression_syntax', '}'],
      ['expression_syntax', '"b }} ${{ c }}'],
    ])
    expect(shown('${{ a } }} then ${{ c }}')).toEqual([' then ', '<c>'])
  })

  it('knows a text that is nothing but one expression', () => {
    expect(isWholeExpression(' ${{ a }}\n')).toBe(true)
    expect(isWholeExpression('${{ a }}${{ b }}')).toBe(false)
    expect(isWholeExpression('a ${{ b }}')).toBe(false)
    expect(isWholeExpression('$${{ a }}')).toBe(false)
    expect(isWholeExpression('text')).toBe(false)
  })
})

describe('compiling a value to a template', () => {
  it('collapses literal subtrees and keeps the type of whole expressions', () => {
    expect(compileTemplate({ a: [1, { b: null }], c: ' ${{ x+1 }} ', d: ['n: ${{x}}', true] })).toEqual({
      kind: 'map',
      entries: [
        ['a', { kind: 'literal', value: [1, { b: null }] }],
        ['c', { kind: 'expression', source: 'x + 1' }],
        [
          'd',
          {
            kind: 'list',
            items: [
              { kind: 'text', parts: ['n: ', { source: 'x' }] },
              { kind: 'literal', value: true },
            ],
          },
        ],
      ],
    })
  })

  it('unescapes literals, and never reads keys', () => {
    expect(compileTemplate('$${{ a }}')).toEqual({ kind: 'literal', value: '${{ a }}' })
    expect(compileTemplate({ '${{ a }}': 1 })).toEqual({ kind: 'literal', value: { '${{ a }}': 1 } })
  })
})
