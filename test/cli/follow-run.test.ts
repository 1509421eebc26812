import { describe, expect, it } from 'vitest'
import { followRun } from '../../src/cli/follow-run.ts'
import { nextSteps } from '../../src/cli/next-steps.ts'
import { createPlainRenderer } from '../../src/cli/render/plain.ts'
import type { PipelineResult, Run } from '../../src/execution/run.ts'
import { createTerminal } from './support.ts'

const result: PipelineResult = {
  runId: 'r_1',
  threadId: 'r_1',
  pipeline: 'p',
  status: 'paused',
  outputs: null,
  error: null,
  tolerated: [],
  startedAt: '2026-01-01T12:00:00.000Z',
  endedAt: null,
  executionTimeMs: 10,
}

/** A run whose stages never end by themselves. */
function setUp(options: { obeysAbandon?: boolean; afterPause?: PipelineResult['status'] } = {}) {
  const terminal = createTerminal()
  const over = Promise.withResolvers<PipelineResult>()
  const story: string[] = []
  const run: Run = {
    id: 'r_1',
    async *events() {
      await over.promise
      yield* []
    },
    result: over.promise,
    pause() {
      story.push('pause')
      if (options.afterPause) over.resolve({ ...result, status: options.afterPause })
    },
    abandon() {
      story.push('abandon')
      if (options.obeysAbandon) over.resolve(result)
    },
    async cancel() {
      story.push('cancel')
      over.resolve(result) // it had paused when the request came
    },
  }
  const code = followRun(run, {
    terminal,
    renderer: createPlainRenderer(terminal),
    next: nextSteps('r_1', '/p/.stagegraph/runs.db', '/p'),
    pending: async () => [],
    ending: terminal.out,
    after: 0,
    async cancelPaused() {
      story.push('cancel the paused run')
      return { ...result, status: 'cancelled' }
    },
  })
  return { terminal, story, code }
}

describe('following a run', () => {
  it('stops what still runs ten seconds after Ctrl-C, and exits 130 with the run paused', async () => {
    const { terminal, story, code } = setUp({ obeysAbandon: true })
    terminal.interrupt()
    await terminal.clock.advance(9_999)
    expect(story).toEqual(['pause'])
    await terminal.clock.advance(1)
    expect(await code).toBe(130)
    expect(story).toEqual(['pause', 'abandon'])
    expect(terminal.out.text()).toContain('go on        stagegraph resume r_1')
    expect(terminal.clock.sleepers).toBe(0)
  })

  it('leaves with 130 when even that is not obeyed', async () => {
    const { terminal } = setUp()
    terminal.interrupt()
    await terminal.clock.advance(13_000)
    expect(terminal.exits).toEqual([130])
    expect(terminal.err.text()).toContain('Go on with: stagegraph resume r_1')
  })

  it('exits by how the run ended when it ended all the same', async () => {
    const { terminal, code } = setUp({ afterPause: 'succeeded' })
    terminal.interrupt()
    expect(await code).toBe(0)
  })

  it('cancels a run that paused just before the second Ctrl-C', async () => {
    const { terminal, story, code } = setUp()
    terminal.interrupt()
    terminal.interrupt()
    expect(await code).toBe(6)
    expect(story).toEqual(['pause', 'cancel', 'cancel the paused run'])
  })
})
