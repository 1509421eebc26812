/** Runs that were left behind, taken over by another engine on the same store. */
import { expect, it } from 'vitest'
import {
  compile,
  createEngine,
  createManualClock,
  createMemoryStore,
  defineFunction,
  type Recovered,
} from '../../src/index.ts'

const leaseMs = 10_000

const text = (name: string) => `name: ${name}
stages:
  - { id: a, uses: work }
  - { id: b, uses: work }
outputs: { b: "\${{ stages.b.output }}" }
`

/** Engines on one store, with a clock each; what `work` does is up to the engine. */
function createHouse() {
  const store = createMemoryStore()
  return (work: (stage: string) => unknown) => {
    const clock = createManualClock()
    const functions = { work: defineFunction({ run: (_, { stage }) => work(stage) }) }
    const engine = createEngine({ store, clock, functions, leaseMs })
    return {
      clock,
      engine,
      start: (id: string) => engine.start(compile(text(id), { functions }), {}, { threadId: id }),
    }
  }
}

/** An engine whose stage `b` says that it runs and does not end before it is let go. */
function createStuck(house: ReturnType<typeof createHouse>) {
  const [reached, free] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const stuck = house(async (stage) => {
    if (stage !== 'b') return 'first'
    reached.resolve()
    await free.promise
    return 'first'
  })
  return { ...stuck, reached: reached.promise, letGo: free.resolve }
}

const endOf = async (each: Recovered | undefined) =>
  each && 'run' in each ? (await each.run.result).status : each?.error.code

it('are those that gave no sign of life for longer than their lease; whoever wakes up then cannot write any more', async () => {
  const house = createHouse()
  const first = createStuck(house)
  const run = await first.start('t')
  await first.reached
  const second = house(() => 'second')
  await second.clock.advance(leaseMs - 1)
  expect(await second.engine.recover()).toEqual([])
  await second.clock.advance(1)
  const recovered = await second.engine.recover()
  expect(recovered.map(({ id, pipeline }) => [id, pipeline])).toEqual([['t', 't']])
  expect(await endOf(recovered[0])).toBe('succeeded')
  first.letGo()
  expect(await run.result).toMatchObject({ status: 'paused', error: { code: 'fenced' } })
  const { result, stages } = (await second.engine.get('t')) ?? {}
  expect(result).toMatchObject({ status: 'succeeded', outputs: { b: 'second' } })
  expect(stages?.map(({ id, output }) => [id, output])).toEqual([
    ['a', 'first'],
    ['b', 'second'],
  ])
})

it('are not those that ended, that paused, or that are at work', async () => {
  const house = createHouse()
  const first = createStuck(house)
  const working = await first.start('working')
  await first.reached
  const second = house(() => 'second')
  await (await second.start('ended')).result
  const paused = await second.start('paused')
  paused.pause()
  expect(await paused.result).toMatchObject({ status: 'paused' })
  expect(await second.engine.recover()).toEqual([])
  first.letGo()
  expect(await working.result).toMatchObject({ status: 'succeeded' })
})

it('are taken over once when two engines recover at the same moment, and one that cannot go on stops no other', async () => {
  const house = createHouse()
  const first = createStuck(house)
  await first.start('t1')
  await first.start('t2')
  await first.reached
  const others = [house(() => 'second'), house(() => 'third')]
  for (const { clock } of others) await clock.advance(leaseMs)
  const lists = await Promise.all(others.map(({ engine }) => engine.recover()))
  expect(
    lists
      .flat()
      .map(({ id }) => id)
      .sort(),
  ).toEqual(['t1', 't2'])
  expect(await Promise.all(lists.flat().map(endOf))).toEqual(['succeeded', 'succeeded'])
  first.letGo()
})
