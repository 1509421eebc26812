/** The channels of a pipeline: what they hold, what a checkpoint of them gives back, and that nobody can change them. */
import { EmptyChannelError } from '@langchain/langgraph'
import { describe, expect, it } from 'vitest'
import { OpenChannel, StagesChannel } from '../../../src/compiler/lower/channels.ts'
import { patchKey, VariableChannel } from '../../../src/compiler/lower/variable-channel.ts'
import type { Json } from '../../../src/foundation/json.ts'
import type { Outcome } from '../../../src/foundation/outcome.ts'
import { planOf, runnerOf, stage } from '../../support-stages.ts'

const outcome = (output: Json): Outcome => ({
  status: 'succeeded',
  output,
  error: null,
  reason: null,
  tolerated: false,
  set: {},
  attempts: 1,
  started_at: '',
  ended_at: '',
})

/** As a checkpointer gives it back. */
const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

describe('the stages channel', () => {
  it('holds outcomes by path; a later one replaces an earlier one', () => {
    const channel = new StagesChannel()
    expect(channel.get()).toEqual({})
    expect(channel.update([])).toBe(false)
    expect(channel.update([{ a: outcome(1) }, { b: outcome(2) }])).toBe(true)
    channel.update([{ a: outcome(3) }])
    expect(Object.entries(channel.get()).map(([path, { output }]) => [path, output])).toEqual([
      ['a', 3],
      ['b', 2],
    ])
  })

  it('makes a new value for every update, frozen all the way down', () => {
    const channel = new StagesChannel()
    channel.update([{ a: outcome([1]) }])
    const before = channel.get()
    channel.update([{ b: outcome(2) }])
    expect(Object.keys(before)).toEqual(['a'])
    expect(Object.isFrozen(before.a?.output)).toBe(true)
    expect(() => Object.assign(channel.get(), { c: 1 })).toThrow(TypeError)
  })

  it('comes back from its checkpoint, frozen', () => {
    const channel = new StagesChannel()
    channel.update([{ a: outcome([1]) }])
    const back = new StagesChannel().fromCheckpoint(stored(channel.checkpoint()))
    expect(back.get()).toEqual(channel.get())
    expect(Object.isFrozen(back.get().a?.output)).toBe(true)
    expect(new StagesChannel().fromCheckpoint(undefined).get()).toEqual({})
  })
})

describe('the open channel', () => {
  it('adds patches to those it has', () => {
    const channel = new OpenChannel()
    channel.update([{ patches: [{ variable: 'x', value: 1, covers: [] }] }])
    channel.update([{ patches: [{ variable: 'x', value: 2, covers: ['a'] }] }])
    const back = new OpenChannel().fromCheckpoint(stored(channel.checkpoint()))
    expect(back.get().patches.map(({ value }) => value)).toEqual([1, 2])
  })
})

describe('a variable channel', () => {
  const plan = planOf(
    ['a', 'b', 'c'].map((id) => stage(id)),
    {
      vars: { log: { schema: true, merge: 'append', default: ['start'] } },
    },
  )
  const { runner } = runnerOf(plan)
  const order = new Map(plan.stages.map(({ id }, index) => [id, index]))
  const create = (fold = runner.fold) => new VariableChannel({ name: 'log', order, fold })

  it('folds in plan order, whatever the order in which stages ended', () => {
    const channel = create()
    expect(channel.get()).toEqual(['start'])
    channel.update([{ c: { value: ['c'] } }])
    channel.update([{ a: { value: ['a'] } }, { b: { value: ['b'] } }])
    expect(channel.get()).toEqual(['start', 'a', 'b', 'c'])
    expect(Object.isFrozen(channel.get())).toBe(true)
  })

  it('replaces what a stage gave when it runs again, and takes it back', () => {
    const channel = create()
    channel.update([{ a: { value: ['a'] } }, { b: { value: ['b'] } }])
    channel.update([{ a: { value: ['again'] } }])
    expect(channel.get()).toEqual(['start', 'again', 'b'])
    channel.update([{ a: null }])
    expect(channel.get()).toEqual(['start', 'b'])
  })

  it('puts a patch in place of what it covers', () => {
    const channel = create()
    channel.update([{ a: { value: ['a'] } }])
    channel.update([{ [patchKey]: { value: ['patch'], covers: ['a'] } }, { b: { value: ['b'] } }])
    expect(channel.get()).toEqual(['patch', 'b'])
  })

  it('comes back from its checkpoint', () => {
    const channel = create()
    channel.update([{ b: { value: ['b'] } }, { [patchKey]: { value: ['patch'], covers: [] } }])
    const back = create().fromCheckpoint(stored(channel.checkpoint()))
    back.update([{ a: { value: ['a'] } }])
    expect(back.get()).toEqual(['patch', 'a', 'b'])
    expect(channel.get()).toEqual(['patch', 'b'])
  })

  it('folds once per change, not once per read', () => {
    let folds = 0
    const channel = create((...args) => {
      folds++
      return runner.fold(...args)
    })
    channel.update([{ a: { value: ['a'] } }])
    for (let i = 0; i < 5; i++) channel.get()
    expect(folds).toBe(1)
  })

  it('is empty, and breaks nothing, while a reducer of the user fails', () => {
    const channel = create(() => {
      throw new Error('on purpose')
    })
    expect(() => channel.get()).toThrow(EmptyChannelError)
    expect(channel.isAvailable()).toBe(false)
  })
})
