import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  configOf,
  kindOf,
  needsList,
  pathInStage,
  pipelineSchema,
  type StageSpec,
  stageSchema,
} from '../../src/compiler/spec.ts'
import type { StageKind } from '../../src/foundation/stage-kind.ts'
import { builtinKinds } from '../../src/stages/index.ts'

interface JsonSchemaNode {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchemaNode
  readonly items?: JsonSchemaNode
  readonly anyOf?: readonly JsonSchemaNode[]
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchemaNode>>
}

const jsonSchema = z.toJSONSchema(pipelineSchema(builtinKinds), {
  unrepresentable: 'any',
  io: 'input',
}) as JsonSchemaNode
const stages = jsonSchema.$defs?.Stage?.anyOf ?? []

describe('the schema of the language', () => {
  it('has the top-level keys of this release and no other', () => {
    expect(Object.keys(jsonSchema.properties ?? {})).toEqual(
      'name version description inputs types vars models env secrets defaults limits events triggers outputs stages on_error finally'.split(
        ' ',
      ),
    )
    expect(jsonSchema.required).toEqual(['name', 'stages'])
    expect(jsonSchema.additionalProperties).toBe(false)
  })

  it('has a form of stage for every kind, with the common keys, its own and those beside', () => {
    expect(stages).toHaveLength(builtinKinds.size)
    for (const [index, kind] of [...builtinKinds.values()].entries()) {
      const keys = Object.keys(stages[index]?.properties ?? {})
      const own = kind.body ? [] : ['retry', 'once', 'checkpoint', 'idempotency_key']
      const common = [...'id title needs join if timeout on_error rollback output set limits cache'.split(' '), ...own]
      expect(keys).toEqual(expect.arrayContaining([...common, kind.name, ...(kind.beside ?? [])]))
      expect(keys.includes('retry')).toBe(kind.body === undefined)
      expect(keys.includes('env')).toBe(kind.env === true)
      expect(stages[index]?.description).toBe(kind.docs.summary)
    }
  })

  it('describes every key of its own, also the nested ones', () => {
    const undescribed: string[] = []
    const visit = (node: JsonSchemaNode, path: string) => {
      for (const [key, inner] of Object.entries(node.properties ?? {})) {
        if (!inner.description) undescribed.push(`${path}.${key}`)
        visit(inner, `${path}.${key}`)
      }
      for (const inner of node.anyOf ?? []) visit(inner, path)
      if (node.items) visit(node.items, path)
    }
    visit(jsonSchema, '')
    for (const inner of stages) visit(inner, 'stages')
    expect(undescribed).toEqual([])
  })

  it('takes what a stage may be, and refuses what it may not', () => {
    const schema = stageSchema(builtinKinds.get('run') as StageKind)
    expect(schema.safeParse({ id: 'a', run: 'x', cwd: 'y', env: { A: 1 }, needs: [], timeout: '5m' }).success).toBe(
      true,
    )
    expect(schema.safeParse({ id: 'a', run: 'x', foo: 1 }).success).toBe(false)
    expect(schema.safeParse({ id: 'in', run: 'x' }).success).toBe(false)
    expect(schema.safeParse({ id: 'a' }).success).toBe(false)
  })
})

describe('a stage as written', () => {
  const run: StageSpec = { id: 'a', run: 'echo', cwd: 'x', env: { A: 'b' } }
  const transform: StageSpec = { id: 'b', transform: { n: 1 }, needs: 'a' }
  const kind = (name: string) => builtinKinds.get(name) as StageKind

  it('tells its kind', () => {
    expect(kindOf(run, builtinKinds)?.name).toBe('run')
    expect(kindOf({ id: 'a' }, builtinKinds)).toBeUndefined()
  })

  it("tells its configuration: the kind's value, or a map of it and what stands beside", () => {
    expect(configOf(transform, kind('transform'))).toEqual({ n: 1 })
    expect(configOf(run, kind('run'))).toEqual({ run: 'echo', cwd: 'x' })
  })

  it('tells where a place of the configuration stands', () => {
    expect(pathInStage(kind('transform'), ['n'])).toEqual(['transform', 'n'])
    expect(pathInStage(kind('run'), ['cwd'])).toEqual(['cwd'])
  })

  it('tells its needs as a list, in whatever form they were written', () => {
    expect(needsList(transform)).toEqual(['a'])
    expect(needsList({ ...transform, needs: [] })).toEqual([])
    expect(needsList(run)).toBeUndefined()
  })
})
