import { describe, expect, it } from 'vitest'
import { diffLines } from '../../src/cli/commands/diff.ts'
import { diffRuns } from '../../src/cli/run-diff.ts'
import { compile, createEngine, createMemoryStore, defineFunction } from '../../src/index.ts'

const functions = {
  'test/fail': defineFunction({
    run() {
      throw new Error('no luck')
    },
  }),
}

const { plan } = compile(
  `name: p
inputs: { n: integer, more: { type: object, default: {} } }
stages:
  - { id: items, transform: ["\${{ inputs.n }}", 2, "\${{ inputs.more }}"] }
  - { id: big, if: "inputs.n > 5", transform: "yes" }
  - { id: risky, uses: test/fail, if: "inputs.n > 7", on_error: continue, needs: [items] }
outputs: { first: "\${{ stages.items.output[0] }}" }
`,
  { functions },
)

async function states(...inputs: readonly { n: number; more?: Record<string, string> }[]) {
  await using engine = createEngine({ store: createMemoryStore(), functions })
  const found = []
  for (const given of inputs) {
    const { threadId } = await engine.execute(plan, given)
    const state = await engine.get(threadId)
    if (state) found.push(state)
  }
  return found as [(typeof found)[0], (typeof found)[0]]
}

describe('where two runs differ', () => {
  it('is nowhere for equal runs, whatever their ids and times', async () => {
    const [one, other] = await states({ n: 1 }, { n: 1 })
    expect(diffRuns(one, other)).toEqual([])
    expect(diffLines(['a', 'b'], [], 80)).toEqual(['a and b do not differ.'])
  })

  it('is told value by value, with what only one of them has', async () => {
    const [one, other] = await states({ n: 1 }, { n: 9, more: { 'odd name': 'x' } })
    const differences = diffRuns(one, other)
    expect(differences.filter(({ at }) => !at.startsWith('stages.risky'))).toEqual([
      { at: 'inputs.n', before: 1, after: 9 },
      { at: 'inputs.more["odd name"]', after: 'x' },
      { at: 'stages.items.output[0]', before: 1, after: 9 },
      { at: 'stages.items.output[2]["odd name"]', after: 'x' },
      { at: 'stages.big.status', before: 'skipped', after: 'succeeded' },
      { at: 'stages.big.attempts', before: 0, after: 1 },
      { at: 'stages.big.output', before: null, after: 'yes' },
      { at: 'stages.big.reason', before: 'condition', after: null },
      { at: 'outputs.first', before: 1, after: 9 },
    ])
    expect(differences).toContainEqual({
      at: 'stages.risky.error',
      before: null,
      after: expect.objectContaining({ message: expect.stringContaining('no luck') }),
    })
  })

  it('is shown in lines that fit the terminal and end in what was left out', () => {
    const long = Array.from({ length: 201 }, (_, i) => ({ at: `outputs.x[${i}]`, before: 'y'.repeat(99), after: i }))
    const lines = diffLines(['one', 'other'], long, 60)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60)
    expect(lines.at(0)).toMatch(/^WHERE +one +other$/)
    expect(lines.at(1)).toMatch(/^outputs\.x\[0\] +"y+… +0$/)
    expect(lines.at(-1)).toBe('… and 1 more: --json has them all')
    expect(diffLines(['a', 'b'], [{ at: 'outputs.x', after: '\u001b[2J' }], 60).join('')).not.toContain('\u001b')
  })
})
