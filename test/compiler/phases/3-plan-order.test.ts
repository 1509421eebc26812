import { describe, expect, it } from 'vitest'
import { compile } from '../../../src/index.ts'

const hash = (text: string) => compile(text, { path: '/nowhere/p.yaml' }).plan.hash
const pipeline = (more: string) => `name: p\nstages:\n${more}`

describe('the hash of a plan does not change with the order of', () => {
  it.each<[string, string, string]>([
    [
      'keys of a map with expressions in it',
      pipeline('  - { id: a, transform: { x: "${{ 1 }}", y: { p: 2, q: "${{ 3 }}" } } }\n'),
      pipeline('  - { id: a, transform: { y: { q: "${{ 3 }}", p: 2 }, x: "${{ 1 }}" } }\n'),
    ],
    [
      'keys of a map without any',
      pipeline('  - { id: a, transform: { x: 1, y: 2 } }\n'),
      pipeline('  - { id: a, transform: { y: 2, x: 1 } }\n'),
    ],
    [
      "keys of a command's environment",
      pipeline('  - { id: a, run: env, env: { A: "${{ run.id }}", B: "2" } }\n'),
      pipeline('  - { id: a, run: env, env: { B: "2", A: "${{ run.id }}" } }\n'),
    ],
    [
      'keys of a stage, and of `outputs`',
      `${pipeline('  - { id: a, title: T, transform: "${{ 1 }}" }\n')}outputs: { x: "\${{ stages.a.output }}", y: 2 }\n`,
      `outputs: { y: 2, x: "\${{ stages.a.output }}" }\n${pipeline('  - { transform: "${{ 1 }}", title: T, id: a }\n')}`,
    ],
    [
      'fields of a schema',
      pipeline('  - { id: a, transform: { b: 1, c: 2 }, output: { b: number, c: number } }\n'),
      pipeline('  - { id: a, transform: { b: 1, c: 2 }, output: { c: number, b: number } }\n'),
    ],
    [
      'names of environment variables and secrets',
      `env: [{ A: "1" }, B]\nsecrets: [S, T]\n${pipeline('  - { id: a, transform: "${{ env.A }}" }\n')}`,
      `env: [B, { A: "1" }]\nsecrets: [T, S]\n${pipeline('  - { id: a, transform: "${{ env.A }}" }\n')}`,
    ],
  ])('%s', (_name, one, other) => expect(hash(one)).toBe(hash(other)))
})

describe('the hash of a plan changes with the order of', () => {
  it.each<[string, string, string]>([
    [
      'items of a list',
      pipeline('  - { id: a, transform: ["${{ 1 }}", 2] }\n'),
      pipeline('  - { id: a, transform: [2, "${{ 1 }}"] }\n'),
    ],
    [
      'stages',
      pipeline('  - { id: a, transform: 1 }\n  - { id: b, transform: 2 }\n'),
      pipeline('  - { id: b, transform: 2 }\n  - { id: a, transform: 1 }\n'),
    ],
    [
      'parts of a text',
      pipeline('  - { id: a, transform: "${{ 1 }} then ${{ 2 }}" }\n'),
      pipeline('  - { id: a, transform: "${{ 2 }} then ${{ 1 }}" }\n'),
    ],
  ])('%s', (_name, one, other) => expect(hash(one)).not.toBe(hash(other)))

  it('data that looks like a template of ours', () => {
    const looksLike = (entries: string) => pipeline(`  - { id: a, transform: { kind: map, entries: ${entries} } }\n`)
    expect(hash(looksLike('[[b, 1], [a, 2]]'))).not.toBe(hash(looksLike('[[a, 2], [b, 1]]')))
  })
})

it('the plan itself keeps the order in which a map was written', () => {
  const { plan } = compile(pipeline('  - { id: a, transform: { z: "${{ 1 }}", b: 2 } }\n'))
  expect(plan.stages[0]?.config).toMatchObject({
    kind: 'map',
    entries: [
      ['z', {}],
      ['b', {}],
    ],
  })
})
