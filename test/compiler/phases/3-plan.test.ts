import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { compile } from '../../../src/index.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-plan-'))
  mkdirSync(join(folder, 'other'))
  for (const place of [folder, join(folder, 'other')]) {
    writeFileSync(join(place, 'f.ts'), 'export const f = () => 1\n')
    writeFileSync(join(place, 'prompt.md'), 'Tell ${{ inputs.n }} tales.\n')
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const plan = (text: string, place = folder) => compile(text, { path: join(place, 'p.yaml') }).plan

const full = `
name: full
version: "1"
inputs: { n: { type: integer, default: 3 }, note?: string }
vars: { total: { type: number, merge: sum, default: 0 } }
models: { default: "openai:gpt-5-mini" }
env: [HOME, { LOCALE: en }]
secrets: [TOKEN]
defaults: { timeout: 2m, retry: { attempts: 4, delay: 2s } }
limits: { timeout: 1h, concurrency: 3 }
stages:
  - id: a
    http: { url: "http://localhost/\${{ inputs.n }}" }
    set: { total: 1 }
  - id: b
    needs: []
    run: echo hi
    env: { T: "\${{ secrets.TOKEN }}", L: "\${{ env.LOCALE }}", H: "\${{ env.HOME }}" }
    timeout: { idle: 30s }
    retry: { on: [exit_code] }
  - id: c
    needs: [a, { stage: b, status: [succeeded] }]
    uses: ./f.ts#f
    on_error: { continue: { ok: false } }
    cache: { key: "\${{ inputs.n }}", ttl: 1d }
  - id: d
    llm: { prompt: { file: prompt.md } }
    if: inputs.n > 1
  - id: e
    http: { url: "http://localhost", method: POST }
outputs: { total: "\${{ vars.total }}", note: "\${{ inputs.note }}" }
`

describe('a plan', () => {
  it('has everything filled in', () => {
    const made = plan(full)
    expect(made).toMatchObject({
      format: 1,
      name: 'full',
      inputs: { n: { required: false, default: 3 }, note: { required: false } },
      vars: { total: { merge: 'sum', default: 0 } },
      env: [{ name: 'HOME' }, { name: 'LOCALE', default: 'en' }],
      limits: { timeoutMs: 3_600_000, concurrency: 3 },
    })
    const [a, b, c, d, e] = made.stages
    expect(a).toMatchObject({
      needs: 'all_above',
      join: 'none_failed',
      onError: { do: 'fail' },
      timeout: { total: { kind: 'literal', value: 120_000 } },
      retry: {
        attempts: 4,
        delayMs: 2_000,
        backoff: 'exponential',
        maxDelayMs: 30_000,
        jitter: true,
        on: ['network', 'timeout', 'rate_limit', 'http_5xx'],
      },
    })
    expect(b).toMatchObject({
      needs: [],
      timeout: { idle: { value: 30_000 } },
      retry: { attempts: 3, delayMs: 1_000, on: ['exit_code'] },
    })
    expect(c).toMatchObject({
      needs: [{ stage: 'a' }, { stage: 'b', status: ['succeeded'] }],
      onError: { do: 'continue', value: { kind: 'literal', value: { ok: false } } },
      cache: { ttlMs: 86_400_000 },
    })
    expect(c).not.toHaveProperty('retry')
    expect(d).toMatchObject({ if: 'inputs.n > 1', retry: { attempts: 4 } })
    expect(JSON.stringify(d?.config)).toContain('Tell ')
    expect(e, 'POST is not repeated by default').not.toHaveProperty('retry')
    expect(Object.keys(made.files)).toEqual(['./f.ts'])
  })

  it('is frozen, plain JSON', () => {
    const made = plan(full)
    expect(JSON.parse(JSON.stringify(made))).toEqual(made)
    expect(() => {
      ;(made.stages as unknown[]).push(1)
    }).toThrow(TypeError)
  })
})

describe('the hash of a plan', () => {
  const original = () => plan(full).hash

  it('does not change with comments, quotes, flow style, white space in expressions, or the folder', () => {
    const reformatted = parseDocument(full)
    reformatted.commentBefore = ' a comment'
    const styles: { indent: number; lineWidth: number; defaultStringType?: 'QUOTE_DOUBLE' }[] = [
      { indent: 2, lineWidth: 0 },
      { indent: 6, lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE' },
    ]
    for (const style of styles) expect(plan(reformatted.toString(style)).hash).toBe(original())
    expect(plan(full.replace('inputs.n > 1', '  inputs.n   >1 ')).hash).toBe(original())
    expect(plan(full.replaceAll('${{ inputs.n }}', '${{inputs.n}}')).hash).toBe(original())
    expect(plan(full, join(folder, 'other')).hash).toBe(original())
  })

  it('does not change with the order of keys whose order means nothing', () => {
    const shuffled = full.replace('name: full\nversion: "1"\n', 'version: "1"\nname: full\n')
    expect(plan(shuffled).hash).toBe(original())
    expect(plan(full.replace('{ attempts: 4, delay: 2s }', '{ delay: 2s, attempts: 4 }')).hash).toBe(original())
  })

  it.each([
    ['a name', 'name: full', 'name: fuller'],
    ['a default', 'default: 3', 'default: 4'],
    ['an expression', 'inputs.n > 1', 'inputs.n >= 1'],
    ['a text inside an expression', '"${{ env.LOCALE }}"', '"${{ env.LOCALE + \' \' }}"'],
    ['a command', 'echo hi', 'echo  hi'],
    ['a need', 'needs: [a, {', 'needs: [{'],
    ['a timeout', 'timeout: 2m', 'timeout: 3m'],
    ['a merge rule', 'merge: sum', 'merge: max'],
    ['a method', 'method: POST', 'method: PUT'],
    ['the order of stages', '  - id: d\n    llm: { prompt: { file: prompt.md } }\n    if: inputs.n > 1\n', ''],
  ])('changes with %s', (_name, from, to) => {
    expect(full).toContain(from)
    expect(plan(full.replace(from, to)).hash).not.toBe(original())
  })

  it('changes with the text of a prompt file and of a source', () => {
    const before = original()
    writeFileSync(join(folder, 'prompt.md'), 'Tell ${{ inputs.n }} stories.\n')
    const changedPrompt = original()
    writeFileSync(join(folder, 'f.ts'), 'export const f = () => 2\n')
    const changedSource = original()
    expect(new Set([before, changedPrompt, changedSource]).size).toBe(3)
  })

  it('tells any two literal values apart, and nothing else', () => {
    const hashOf = (value: unknown) =>
      plan(`name: p\nstages:\n  - id: a\n    transform: ${JSON.stringify(value)}\n`).hash
    const values = fc
      .jsonValue({ maxDepth: 2 })
      .filter((value) => !/__proto__|constructor|prototype|\$\{\{|\d{15}|e[+-]/.test(JSON.stringify(value)))
    fc.assert(
      fc.property(values, values, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b)
        if (same) expect(hashOf(a)).toBe(hashOf(b))
        else if (!fc.stringify(a).includes('-0') && !fc.stringify(b).includes('-0')) {
          const sorted = (value: unknown): unknown =>
            Array.isArray(value)
              ? value.map(sorted)
              : value && typeof value === 'object'
                ? Object.fromEntries(
                    Object.entries(value)
                      .sort()
                      .map(([key, each]) => [key, sorted(each)]),
                  )
                : value
          expect(hashOf(a) === hashOf(b)).toBe(JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)))
        }
      }),
      { seed: 3, numRuns: 100 },
    )
  })
})
