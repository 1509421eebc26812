/**
 * The pipelines that are killed. Every stage with an effect notes it in a file (`effects.ts`), so that what ran is known
 * whatever became of the process.
 *
 * No output may depend on how often something was tried: a killed run must end like one that was left alone.
 */

const sequence = `
name: crash_sequence
vars:
  trail: { type: "string[]", merge: append, default: [] }
  total: { type: number, merge: sum, default: 0 }
stages:
  - { id: s1, uses: touch, with: { ms: 8 }, set: { trail: ["\${{ output.stage }}"], total: 1 } }
  - { id: s2, uses: touch, with: { ms: 0 }, set: { trail: ["\${{ output.stage }}"], total: 2 } }
  - { id: s3, uses: touch, with: { ms: 12 }, set: { trail: ["\${{ output.stage }}"], total: 4 } }
  - { id: pure, transform: "\${{ vars.trail.join(' ') }}" }
  - { id: s4, uses: touch, with: { ms: 8, says: "\${{ stages.pure.output }}" }, set: { trail: ["\${{ output.stage }}"] } }
  - { id: s5, uses: touch, with: { ms: 0 }, set: { trail: ["\${{ output.stage }}"], total: 8 } }
  - { id: s6, uses: touch, with: { ms: 8 }, set: { total: 16 } }
outputs:
  trail: \${{ vars.trail }}
  total: \${{ vars.total }}
  said: \${{ stages.s4.output.said }}
`

const branches = `
name: crash_branches
vars:
  trail: { type: "string[]", merge: append, default: [] }
stages:
  - { id: root, uses: touch, with: { ms: 4 }, set: { trail: ["root"] } }
  - { id: a1, needs: [root], uses: touch, with: { ms: 15 }, set: { trail: ["\${{ output.stage }}"] } }
  - { id: a2, needs: [a1], uses: touch, with: { ms: 0 }, set: { trail: ["\${{ output.stage }}"] } }
  - { id: b1, needs: [root], uses: touch, with: { ms: 0 }, set: { trail: ["\${{ output.stage }}"] } }
  - { id: b2, needs: [b1], uses: touch, with: { ms: 20 }, set: { trail: ["\${{ output.stage }}"] } }
  - { id: c1, needs: [root], uses: touch, with: { ms: 40 }, set: { trail: ["\${{ output.stage }}"] } }
  - { id: never, needs: [root], if: "1 > 2", uses: touch, with: { ms: 0 } }
  - { id: both, needs: [a2, b2], transform: "\${{ stages.a2.output.stage + '+' + stages.b2.output.stage }}" }
  - { id: last, uses: touch, with: { ms: 4, says: "\${{ stages.both.output }}" }, set: { trail: ["last"] } }
outputs:
  trail: \${{ vars.trail }}
  said: \${{ stages.last.output.said }}
`

const retries = `
name: crash_retries
vars:
  trail: { type: "string[]", merge: append, default: [] }
stages:
  - id: first
    uses: touch
    with: { ms: 0 }
    set: { trail: ["first"] }
  - id: flaky
    needs: [first]
    uses: touch
    with: { ms: 4, fails: 2 }
    retry: { attempts: 3, delay: 60ms, backoff: constant, jitter: false, on: [network] }
    set: { trail: ["flaky"] }
  - id: hopeless
    needs: [first]
    uses: touch
    with: { ms: 2, fails: 1000 }
    retry: { attempts: 3, delay: 40ms, backoff: constant, jitter: false, on: [network] }
    on_error: { continue: { stage: nothing } }
    set: { trail: ["\${{ output.stage }}"] }
  - id: last
    uses: touch
    with: { ms: 4 }
outputs:
  trail: \${{ vars.trail }}
`

/** It ends `failed`: a run that fails must fail the same way however often its process dies. */
const failure = `
name: crash_failure
stages:
  - { id: first, uses: touch, with: { ms: 4 } }
  - { id: breaks, needs: [first], uses: touch, with: { ms: 6, fails: 1000 } }
  - { id: beside, needs: [first], uses: touch, with: { ms: 12 } }
  - { id: after_beside, needs: [beside], uses: touch, with: { ms: 2 } }
  - { id: after_both, uses: touch, with: { ms: 0 } }
outputs:
  never: \${{ stages.after_both.output.stage }}
`

/** Two questions side by side, work that waits for neither, and a third question behind the answers. */
const waits = `
name: crash_waits
vars:
  trail: { type: "string[]", merge: append, default: [] }
stages:
  - { id: first, uses: touch, with: { ms: 4 }, set: { trail: ["first"] } }
  - { id: ask_a, needs: [first], question: a, set: { trail: ["\${{ output }}"] } }
  - { id: ask_b, needs: [first], question: b, set: { trail: ["\${{ output }}"] } }
  - { id: beside, needs: [first], uses: touch, with: { ms: 12 } }
  - { id: after_a, needs: [ask_a], uses: touch, with: { ms: 4, says: "\${{ stages.ask_a.output }}" } }
  - { id: ask_c, needs: [after_a, ask_b], question: c, set: { trail: ["\${{ output }}"] } }
  - { id: last, uses: touch, with: { ms: 0 } }
outputs:
  trail: \${{ vars.trail }}
  said: \${{ stages.after_a.output.said }}
`

/** Stages inside stages: items side by side, turns one after the other, branches, a question in each of two items. */
const bodies = `
name: crash_bodies
vars:
  trail: { type: "string[]", merge: append, default: [] }
stages:
  - id: each
    foreach: [a, b, c, d]
    as: letter
    concurrency: 2
    stages:
      - { id: part, uses: touch, with: { ms: 6, says: "\${{ letter }}" }, set: { trail: ["\${{ output.said }}"] } }
      - { id: sides, parallel: { left: [{ id: l, uses: touch, with: { ms: 2 } }], right: [{ id: r, uses: touch, with: { ms: 5 } }] } }
  - id: turns
    needs: []
    loop: { until: iteration.index == 2, max: 5 }
    stages:
      - { id: turn, uses: touch, with: { ms: 4, fails: 1 }, retry: { attempts: 3, delay: 20ms, backoff: constant, jitter: false, on: [network] } }
      - { id: note, transform: "\${{ iteration.index }}", set: { trail: ["turn"] } }
  - id: asked
    needs: [each]
    foreach: [x, y]
    stages:
      - { id: ask_item, question: a, set: { trail: ["\${{ output }}"] } }
      - { id: after_item, uses: touch, with: { ms: 3, says: "\${{ item }}" } }
  - id: way
    needs: [asked, turns]
    switch:
      - { when: size(vars.trail) > 100, stages: [{ id: never, uses: touch, with: { ms: 0 } }] }
      - { else: [{ id: taken, uses: touch, with: { ms: 2 } }] }
outputs:
  trail: \${{ vars.trail }}
  each: \${{ stages.each.output.map(one, one.left.stage) }}
`

/** It fails, what was done is taken back, and then comes what comes last. */
const undone = `
name: crash_undone
on_error: rollback
stages:
  - { id: first, uses: touch, with: { ms: 4 }, rollback: { uses: touch, with: { ms: 3 } } }
  - id: each
    foreach: [a, b, c]
    concurrency: 2
    stages: [{ id: part, uses: touch, with: { ms: 4 }, rollback: { uses: touch, with: { ms: 2, says: "\${{ item }}" } } }]
  - { id: breaks, uses: touch, with: { ms: 3, fails: 1000 }, on_error: [{ do: fail, stages: [{ id: handled, uses: touch, with: { ms: 3 } }] }] }
finally:
  - { id: last, uses: touch, with: { ms: 3, says: "\${{ run.status }}" } }
`

export const pipelines = { sequence, branches, retries, failure, waits, bodies, undone } as const

export type PipelineName = keyof typeof pipelines
export const pipelineNames = Object.keys(pipelines) as readonly PipelineName[]
