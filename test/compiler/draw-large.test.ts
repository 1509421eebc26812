import { expect, it } from 'vitest'
import { drawMermaid, drawnEdges } from '../../src/compiler/draw.ts'
import { compile } from '../../src/index.ts'

const stages = (count: number, line: (index: number) => string): string =>
  `name: p\nstages:\n${Array.from({ length: count }, (_, index) => `  - { id: s${index}, transform: 1${line(index)} }\n`).join('')}`

it('a list of thousands of stages is drawn as one chain', () => {
  const { plan } = compile(stages(4_000, () => ''))
  expect(drawnEdges(plan)).toHaveLength(3_999)
  expect(drawnEdges(plan).at(-1)).toEqual({ from: 's3998', to: 's3999' })
})

it('a stage may need one that stands below it', () => {
  const { plan } = compile(stages(3, (index) => [', needs: [s2]', ', needs: [s0, s2]', ', needs: []'][index] ?? ''))
  expect(drawnEdges(plan)).toEqual([
    { from: 's2', to: 's0' },
    { from: 's0', to: 's1' },
  ])
})

it('a need that names statuses is drawn even where it follows from others', () => {
  const needs = ['', '', ', needs: [{ stage: s0, status: [failed, succeeded] }, s1]']
  const { plan } = compile(stages(3, (index) => needs[index] ?? ''))
  expect(drawnEdges(plan)).toContainEqual({ from: 's0', to: 's2', label: 'failed or succeeded' })
  expect(drawnEdges(plan)).toContainEqual({ from: 's1', to: 's2' })
})

it('signs that mean something to Mermaid are written as entities', () => {
  const { plan } = compile("name: p\nstages:\n  - { id: a, title: '`issue` #35;', transform: 1 }\n")
  expect(drawMermaid(plan)).toContain('#96;issue#96; #35;35;')
})
