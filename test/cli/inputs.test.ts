import { describe, expect, it } from 'vitest'
import { type CheckValue, missingInputs, missingRefusal, parseValue, readInputs } from '../../src/cli/inputs.ts'
import { askInputs } from '../../src/cli/prompts.ts'
import { InputError } from '../../src/foundation/errors.ts'
import type { JsonSchema, Plan } from '../../src/foundation/plan.ts'
import { createTerminal } from './support.ts'

const declared: Plan['inputs'] = {
  topic: { schema: { type: 'string', minLength: 3 }, required: true, description: 'What to research' },
  depth: { schema: { type: 'integer', minimum: 1 }, required: false, default: 3 },
  publish: { schema: { type: 'boolean' }, required: true },
  tags: { schema: { type: 'array', items: { type: 'string' } }, required: false },
  any: { schema: true, required: false },
}

const anything: CheckValue = () => undefined
const shortTopics: CheckValue = (_, value) => (value === 'ab' ? 'must be longer' : undefined)
const files: Record<string, string> = { 'a.txt': '17', 'tags.json': '["x"]' }
const readFile = (path: string): string => {
  const text = files[path]
  if (text === undefined) throw new Error('no such file')
  return text
}

const read = (assignments: string[], file?: string, check = anything) =>
  readInputs(declared, { assignments, ...(file !== undefined && { file }) }, readFile, check)

function problems(act: () => unknown): string[] {
  try {
    act()
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ name, message }) => `${name} ${message}`)
    throw error
  }
  return []
}

describe('inputs on the command line', () => {
  it('are read as their schema wants them', () => {
    expect(read(['topic=17', 'depth=2', 'publish=true', 'tags=["a"]', 'any=[1]'])).toEqual({
      topic: '17',
      depth: 2,
      publish: true,
      tags: ['a'],
      any: [1],
    })
  })

  it('stay text where text is wanted, equals signs and JSON included', () => {
    expect(read(['topic={"a": 1}']).topic).toBe('{"a": 1}')
    expect(read(['topic=a=b=c']).topic).toBe('a=b=c')
    expect(read(['topic=']).topic).toBe('')
  })

  it.each<[JsonSchema, string, unknown]>([
    [true, 'plain words', 'plain words'],
    [true, '"quoted"', 'quoted'],
    [{ type: ['string', 'null'] }, 'null', null],
    [{ type: ['string', 'null'] }, '"x"', '"x"'],
    [{ type: ['string', 'null'] }, '12', '12'],
    [{ type: ['string', 'number'] }, '12', 12],
    [{ enum: ['1', '2'] }, '1', '1'],
    [{ enum: [1, 2] }, '1', 1],
    [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, '1', 1],
    [{ $ref: '#/$defs/Id', $defs: { Id: { type: 'string' } } }, '007', '007'],
    [{ const: true }, 'true', true],
  ])('for the schema %j, %j is %j', (schema, text, value) => {
    expect(parseValue(schema, text)).toEqual(value)
  })

  it('come from files with @, and @@ is an @', () => {
    expect(read(['topic=@a.txt', 'depth=@a.txt', 'tags=@tags.json'])).toEqual({ topic: '17', depth: 17, tags: ['x'] })
    expect(read(['topic=@@ada'])).toEqual({ topic: '@ada' })
    expect(problems(() => read(['topic=@none.txt']))).toEqual(['topic could not be read from "none.txt": no such file'])
  })

  it('win over those of a file, and the last one wins', () => {
    expect(read(['depth=2', 'depth=4'], '{"depth": 1, "topic": "tea"}')).toEqual({ depth: 4, topic: 'tea' })
  })

  it('are refused when they are not declared, with a suggestion, all at once', () => {
    expect(problems(() => read(['topc=x', 'depth=two', 'publish'], '{"__proto__": 1}'))).toEqual([
      '__proto__ is not an input of this pipeline. It declares: topic, depth, publish, tags, any.',
      'topc is not an input of this pipeline. Did you mean "topic"?',
      'depth "two" is not a whole number',
      'publish has no value: write name=value',
    ])
  })

  it('are checked against their schema', () => {
    expect(problems(() => read(['topic=ab'], undefined, shortTopics))).toEqual(['topic must be longer'])
  })

  it('need a JSON object in the input file', () => {
    expect(problems(() => read([], '[1]'))).toEqual(['--input-file must hold a JSON object, and this is array'])
    expect(problems(() => read([], 'nope'))).toEqual(['--input-file is not JSON'])
  })
})

describe('missing inputs', () => {
  it('are those that are required and were not given', () => {
    expect(missingInputs(declared, { publish: false })).toEqual(['topic'])
  })

  it('are listed with what they are for', () => {
    const error = missingRefusal(declared, ['topic', 'publish'])
    expect(error.problems).toEqual([
      { name: 'topic', message: 'is required, text (What to research)' },
      { name: 'publish', message: 'is required, true or false' },
    ])
    expect(error.hint).toBe('Give it on the command line: -i topic=… -i publish=…')
  })

  it('are asked for, again when the answer is wrong', async () => {
    const terminal = createTerminal({ answers: ['ab', 'tea', 'maybe', 'true'] })
    expect(await askInputs(declared, ['topic', 'publish'], terminal, shortTopics)).toEqual({
      topic: 'tea',
      publish: true,
    })
    expect(terminal.err.text().split('\n')).toEqual([
      'topic: What to research (text): ab',
      '  topic must be longer',
      'topic: What to research (text): tea',
      'publish (true or false): maybe',
      '  publish "maybe" is not true or false',
      'publish (true or false): true',
      '',
    ])
  })

  it('stay missing when the person ends the input', async () => {
    expect(await askInputs(declared, ['topic'], createTerminal({ answers: [] }), anything)).toBeUndefined()
  })
})
