/** Diagnostics about order: ids, needs, cycles, reads of other stages, and stages that race. */
import type { Span } from '../source.ts'
import { define } from './define.ts'

const quoted = (name: string): string => `"${name}"`
const arrows = (path: readonly string[]): string => path.join(' → ')
const didYouMean = (near: string | undefined): string | undefined =>
  near === undefined ? undefined : `Did you mean "${near}"?`

/** Why the output of a stage may be missing where it is read. */
export type WhyAbsent = 'skipped' | 'failed' | 'tolerated' | 'valueless' | 'ended' | 'undone'

const absence: Readonly<Record<WhyAbsent, string>> = {
  skipped: 'can be skipped',
  failed: 'can have failed',
  tolerated: 'can fail and be tolerated without a value',
  valueless: 'can end without one: its last stage may be skipped, or it may have no iteration',
  ended: 'can have failed, been skipped or not have run when the run has ended',
  undone: 'can have failed: "also_on_failure" takes back such attempts, too',
}

const presence: Readonly<Record<WhyAbsent, string>> = {
  skipped: 'let this run only when that stage did: the same "if", or "join: all_succeeded"',
  failed: 'let this run only when that stage succeeded: "status: [succeeded]" in its needs',
  tolerated: 'give that stage a value: "on_error: { continue: … }"',
  valueless: 'let a stage that always runs be the last inside it',
  ended: 'look at its status first',
  undone: 'leave out "also_on_failure"',
}

export const orderDiagnostics = {
  duplicate_id: define({
    severity: 'error',
    summary: 'Two stages have the same id.',
    explanation:
      'An id names a stage in `needs:`, in expressions (`stages.<id>`) and in everything a run reports, so it is unique in the file. Rename one of the two.',
    wrong: `name: report
stages:
  - id: fetch
    run: echo one
  - id: fetch
    run: echo two
`,
    right: `name: report
stages:
  - id: fetch
    run: echo one
  - id: fetch_again
    run: echo two
`,
    say: (id: string, first: Span) => ({
      message: `There is a stage "${id}" already.`,
      hint: 'Give one of the two another id.',
      related: [{ message: `The first "${id}" stands here.`, span: first }],
    }),
  }),

  unknown_stage: define({
    severity: 'error',
    summary: 'A name in `needs:` or `stages.<id>` is no stage of this pipeline.',
    explanation:
      'Stages are named by their id, exactly as it is written. `needs:` takes ids of the same list of stages, and expressions read `stages.<id>`.',
    wrong: `name: report
stages:
  - id: review
    run: echo 8
  - id: publish
    needs: [rewiew]
    run: echo done
`,
    right: `name: report
stages:
  - id: review
    run: echo 8
  - id: publish
    needs: [review]
    run: echo done
`,
    say: (name: string, near: string | undefined, names: readonly string[]) => ({
      message: `There is no stage "${name}".`,
      hint:
        didYouMean(near) ??
        (names.length === 0
          ? 'No other stage can be named here.'
          : `Stages are: ${names.slice(0, 8).join(', ')}${names.length > 8 ? ', …' : ''}.`),
    }),
  }),

  need_cycle: define({
    severity: 'error',
    summary: 'Stages wait for each other, so none of them can start.',
    explanation:
      'A stage starts when everything it needs is done. A stage without `needs` waits for every stage above it in the list, so a stage that needs one further down makes a cycle with it unless that one has `needs` of its own.',
    wrong: `name: report
stages:
  - id: write
    needs: [review]
    run: echo text
  - id: review
    run: echo 8
`,
    right: `name: report
stages:
  - id: write
    needs: [review]
    run: echo text
  - id: review
    needs: []
    run: echo 8
`,
    say: (path: readonly string[], implicit: string | undefined) => ({
      message: path.length === 2 ? `"${path[0]}" needs itself.` : `These stages wait for each other: ${arrows(path)}.`,
      hint:
        implicit === undefined
          ? path.length === 2
            ? 'Take it out of its own needs.'
            : 'Take one of these needs away.'
          : `"${implicit}" has no needs, so it waits for every stage above it; give it needs of its own, such as "needs: []".`,
    }),
  }),

  duplicate_need: define({
    severity: 'warning',
    summary: 'A stage names the same need twice.',
    explanation: 'Once is enough. Often another stage was meant.',
    wrong: `name: report
stages:
  - id: fetch
    run: echo one
  - id: write
    needs: [fetch, fetch]
    run: echo two
`,
    right: `name: report
stages:
  - id: fetch
    run: echo one
  - id: write
    needs: [fetch]
    run: echo two
`,
    say: (name: string) => ({ message: `"${name}" is among the needs already.`, hint: 'Name it once.' }),
  }),

  unmatched_need: define({
    severity: 'error',
    summary: 'A need with a status can never match, so the stage can never run.',
    explanation:
      'A need such as `{ stage: build, status: [failed] }` lets the stage run only when `build` ended so. If another of its needs is skipped exactly then, the stage never runs. A failed stage has everything skipped that depends on it, so a stage that handles the failure of `build` cannot also need something that comes after `build`.',
    wrong: `name: release
stages:
  - id: build
    run: make
  - id: test
    needs: [build]
    run: make test
  - id: alert
    needs: [{ stage: build, status: [failed] }, test]
    run: echo "the build failed"
`,
    right: `name: release
stages:
  - id: build
    run: make
  - id: test
    needs: [build]
    run: make test
  - id: alert
    needs: [{ stage: build, status: [failed] }]
    run: echo "the build failed"
`,
    say: (stage: string, need: string, statuses: readonly string[]) => ({
      message: `"${stage}" can never run: ${
        statuses.length === 0
          ? `no status of "${need}" matches`
          : `when "${need}" ${statuses.join(' or ')}, something else it needs keeps it from running`
      }.`,
      hint: 'Take away the needs that contradict each other, or make two stages of it.',
    }),
  }),

  stage_not_upstream: define({
    severity: 'error',
    summary: 'An expression reads a stage that is not done by then.',
    explanation:
      'An expression sees the stages that its own stage waits for, directly or through others. A stage without `needs` waits for every stage above it; with `needs` it waits for exactly those. Reading any other stage would give an answer that depends on which of them was faster.',
    wrong: `name: report
stages:
  - id: fetch
    run: echo data
  - id: write
    needs: []
    transform: \${{ stages.fetch.output }}
`,
    right: `name: report
stages:
  - id: fetch
    run: echo data
  - id: write
    needs: [fetch]
    transform: \${{ stages.fetch.output }}
`,
    /** `within` is the stage of the same list, where the reader stands inside one. */
    say: (name: string, reader: string, fix: 'itself' | 'add' | 'move', within?: string) => ({
      message:
        fix !== 'itself'
          ? `"${within ?? reader}" does not wait for "${name}", so ${within ? 'nothing inside it can' : 'it cannot'} read it.`
          : within
            ? `"${reader}" is a part of "${name}", which is not done before it.`
            : `"${reader}" reads itself, but it has not run yet.`,
      hint: {
        itself: within
          ? 'Read the stages inside it instead, or read it in a stage after it.'
          : 'Its own output can be read as "output", and only in its "set" and "rollback".',
        add: `Add ${name} to the needs of "${within ?? reader}".`,
        move: `"${name}" waits for "${within ?? reader}"; move what reads it to a stage after "${name}".`,
      }[fix],
    }),
  }),

  maybe_absent_output: define({
    severity: 'error',
    summary: 'A field is read of an output that may not be there.',
    explanation:
      'A stage that was skipped, or whose failure was tolerated without a value, has `output: null`, and null has no fields. Read the field with `.?` and give a default; or see to it that the reader does not run then either: by the same `if` (alone or with `&&`), by `join: all_succeeded`, or by having that stage as its only need.',
    wrong: `name: report
inputs: { deep: boolean }
stages:
  - id: stats
    if: inputs.deep
    transform: { rows: 3 }
  - id: write
    transform: \${{ stages.stats.output.rows }}
`,
    right: `name: report
inputs: { deep: boolean }
stages:
  - id: stats
    if: inputs.deep
    transform: { rows: 3 }
  - id: write
    transform: \${{ coalesce(stages.stats.output.?rows, 0) }}
`,
    say: (name: string, why: WhyAbsent) => ({
      message: `The output of "${name}" may be null here, because that stage ${absence[why]}.`,
      hint: `Read its fields with .? and a default, as in coalesce(${why === 'undone' ? '' : `stages.${name}.`}output.?field, …), or ${presence[why]}.`,
    }),
  }),

  write_race: define({
    severity: 'error',
    summary: 'Two stages that can run side by side set the same variable.',
    explanation:
      'With `merge: last` or `first` one value wins. Between stages that do not wait for each other there is no order people would expect, so the winner would be an accident. Let one stage wait for the other, give the variable a merge that takes both (`append`, `sum`, …), or use two variables.',
    wrong: `name: report
vars: { draft: { type: string } }
stages:
  - id: short
    needs: []
    run: echo short
    set: { draft: "\${{ output }}" }
  - id: long
    needs: []
    run: echo long
    set: { draft: "\${{ output }}" }
outputs: { draft: "\${{ vars.draft }}" }
`,
    right: `name: report
vars: { draft: { type: string } }
stages:
  - id: short
    needs: []
    run: echo short
    set: { draft: "\${{ output }}" }
  - id: long
    needs: [short]
    run: echo long
    set: { draft: "\${{ output }}" }
outputs: { draft: "\${{ vars.draft }}" }
`,
    /** `fix` names the stages of the same list; without it nothing can wait. */
    say: (
      variable: string,
      stage: string,
      other: string,
      merge: string,
      otherSpan: Span,
      fix?: { readonly before: string; readonly stage: string },
    ) => ({
      message: `"${other}" and "${stage}" can run side by side, and both set "${variable}" (merge: ${merge}).`,
      hint: fix
        ? `Add ${fix.before} to the needs of "${fix.stage}", or choose a merge that takes both values.`
        : 'Choose a merge that takes both values, or set it on the stage that holds the branches.',
      related: [{ message: `${quoted(other)} sets it here.`, span: otherSpan }],
    }),
  }),

  racing_read: define({
    severity: 'warning',
    summary: 'A variable is read that a stage beside the reader sets.',
    explanation:
      'A stage sees what the stages it waits for have set, never what a stage beside it sets, however fast that one is. If the value is wanted, wait for it.',
    wrong: `name: report
vars: { total: { type: number, merge: sum, default: 0 } }
stages:
  - id: count
    needs: []
    transform: 1
    set: { total: "\${{ output }}" }
  - id: show
    needs: []
    transform: \${{ vars.total }}
`,
    right: `name: report
vars: { total: { type: number, merge: sum, default: 0 } }
stages:
  - id: count
    needs: []
    transform: 1
    set: { total: "\${{ output }}" }
  - id: show
    needs: [count]
    transform: \${{ vars.total }}
`,
    /** `fix` names the stages of the same list; without it nothing can wait. */
    say: (
      variable: string,
      reader: string,
      setter: string,
      setterSpan: Span,
      fix?: { readonly before: string; readonly stage: string },
    ) => ({
      message: `"${reader}" reads "${variable}", but does not wait for "${setter}", which sets it, so it never sees that value.`,
      hint: fix
        ? `Add ${fix.before} to the needs of "${fix.stage}".`
        : 'Branches never see each other; read it in a stage after them.',
      related: [{ message: `${quoted(setter)} sets it here.`, span: setterSpan }],
    }),
  }),

  needless_once: define({
    severity: 'warning',
    summary: '`once:` stands on a stage that only computes.',
    explanation:
      'With `once: true` a stage whose process died in the middle of an attempt is not run again until a person says how the attempt ended. A stage that only computes leaves nothing behind: run again it gives the same, so there is nothing to ask, and the key has no effect.',
    wrong: `name: report
stages:
  - id: total
    transform: 1 + 1
    once: true
`,
    right: `name: report
stages:
  - id: total
    transform: 1 + 1
`,
    say: (id: string, kind: string) => ({
      message: `\`once\` has no effect on "${id}": ${kind} only computes.`,
      hint: 'Remove it.',
    }),
  }),
}
