import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { drawDot, drawJson, drawMermaid, drawnEdges } from '../../src/compiler/draw.ts'
import { compile, compileFile } from '../../src/index.ts'

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** `UPDATE_GOLDEN=1 npx vitest run test/compiler/draw.test.ts` writes them anew. */
function expectGolden(name: string, text: string): void {
  const path = file(`test/golden/draw/${name}`)
  if (process.env.UPDATE_GOLDEN || !existsSync(path)) {
    expect(process.env.CI, `${name} is missing`).toBeUndefined()
    mkdirSync(file('test/golden/draw'), { recursive: true })
    writeFileSync(path, text)
  }
  expect(text).toBe(readFileSync(path, 'utf8'))
}

describe('drawings', () => {
  it.each(['02-diamond', '05-conditions', '13-survives-kill'])('%s looks as it did', (name) => {
    const { plan } = compileFile(file(`examples/${name}.yaml`))
    expectGolden(`${name}.mmd`, drawMermaid(plan))
    expectGolden(`${name}.dot`, drawDot(plan))
    expectGolden(`${name}.json`, `${JSON.stringify(drawJson(plan), null, 2)}\n`)
  })

  it('leave out what follows from other edges, and label needs that name statuses', () => {
    const { plan } = compile(`
name: p
stages:
  - { id: a, transform: 1 }
  - { id: b, transform: 2 }
  - { id: c, needs: [a, b], transform: 3 }
  - { id: d, needs: [{ stage: a, status: [failed] }], transform: 4 }
`)
    expect(drawnEdges(plan)).toEqual([
      { from: 'a', to: 'b' },
      { from: 'b', to: 'c' },
      { from: 'a', to: 'd', label: 'failed' },
    ])
  })

  it('put stages inside others into boxes, and the same pipeline there twice', () => {
    const { plan } = compileFile(file('test/golden/bodies.yaml'))
    expectGolden('bodies.mmd', drawMermaid(plan))
    expectGolden('bodies.dot', drawDot(plan))
    expectGolden('bodies.json', `${JSON.stringify(drawJson(plan), null, 2)}\n`)
    const nodes = drawMermaid(plan).match(/^ *(subgraph )?s_[^[ ]+(?=\[)/gm) ?? []
    expect(new Set(nodes).size, 'every node has a name of its own').toBe(nodes.length)
  })

  it('escape what would break the drawing', () => {
    const { plan } = compile('name: p\nstages:\n  - { id: a, title: \'say "hi" <b>\', if: "1 < 2", transform: 1 }\n')
    expect(drawMermaid(plan)).toContain('say &quot;hi&quot; &lt;b&gt;')
    expect(drawDot(plan)).toContain('say \\"hi\\" <b>')
  })
})
