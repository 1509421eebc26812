import { describe, expect, it } from 'vitest'
import { createInterrupts, graceMs, stopMs } from '../../src/cli/interrupt.ts'
import { createManualClock } from '../../src/foundation/clock.ts'

function setUp() {
  const story: string[] = []
  const clock = createManualClock()
  const interrupts = createInterrupts({
    run: {
      id: 'r_1',
      pause: () => void story.push('pause'),
      abandon: () => void story.push('abandon'),
      cancel: async () => void story.push('cancel'),
    },
    clock,
    note: (text) => void story.push(text),
    leave: () => void story.push('leave'),
  })
  return { story, clock, interrupts }
}

describe('Ctrl-C', () => {
  it('starts nothing more the first time, cancels the second, leaves the third', () => {
    const { story, interrupts } = setUp()
    expect(interrupts.asked).toBe('nothing')
    interrupts.interrupt()
    expect(interrupts.asked).toBe('pause')
    interrupts.interrupt()
    interrupts.interrupt()
    expect(story).toEqual([
      'Starting nothing more; finishing what runs (up to 10 s). Press Ctrl-C again to cancel the run.',
      'pause',
      'Cancelling the run. Press Ctrl-C again to leave at once.',
      'cancel',
      'leave',
    ])
  })

  it('stops what still runs after ten seconds, and leaves when even that takes too long', async () => {
    const { story, clock, interrupts } = setUp()
    interrupts.interrupt()
    await clock.advance(graceMs - 1)
    expect(story.at(-1)).toBe('pause')
    await clock.advance(1)
    expect(story.at(-1)).toBe('abandon')
    await clock.advance(stopMs)
    expect(story.at(-1)).toBe('leave')
  })

  it('leaves no timer behind once the run is over or cancelled', async () => {
    const over = setUp()
    over.interrupts.interrupt()
    over.interrupts.dispose()
    await over.clock.advance(graceMs + stopMs)
    expect(over.story).not.toContain('abandon')
    expect(over.clock.sleepers).toBe(0)

    const cancelled = setUp()
    cancelled.interrupts.interrupt()
    cancelled.interrupts.interrupt()
    await cancelled.clock.advance(graceMs + stopMs)
    expect(cancelled.story).not.toContain('abandon')
  })
})
