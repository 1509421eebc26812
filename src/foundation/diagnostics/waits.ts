/** Diagnostics about stages that wait, and about what stands behind a gate. */
import { define } from './define.ts'

export const waitDiagnostics = {
  not_on_a_wait: define({
    severity: 'error',
    summary: 'A key stands on a stage that waits, where it would do something else than it says.',
    explanation:
      'A stage of the kind `approve`, `ask` or `wait` is not tried again, is never answered from a cache and has no attempts that could take too long. How long it waits is said inside it, and a gate that fails stays shut: its failure cannot be tolerated.',
    wrong: `name: release
stages:
  - id: ok
    approve: { message: Release it? }
    timeout: 2d
`,
    right: `name: release
stages:
  - id: ok
    approve: { message: Release it?, timeout: 2d }
`,
    say: (key: string, kind: string, hint: string) => ({
      message: `"${key}" cannot stand on a stage of the kind "${kind}".`,
      hint,
    }),
  }),

  open_gate: define({
    severity: 'error',
    summary: 'A rejection would change nothing: what comes after the gate runs all the same.',
    explanation:
      'With `on_reject: continue` a rejected `approve` has succeeded, with the decision in its output. So every stage after it that has an effect has to stand under an `if` that reads the decision, or need a stage that does.',
    wrong: `name: release
stages:
  - id: ok
    approve: { message: Release it?, on_reject: continue }
  - id: release
    run: ./release.sh
`,
    right: `name: release
stages:
  - id: ok
    approve: { message: Release it?, on_reject: continue }
  - id: release
    if: stages.ok.output.decision == 'approved'
    run: ./release.sh
`,
    say: (stage: string, gate: string) => ({
      message: `"${stage}" runs also when "${gate}" is rejected, because that has on_reject: continue.`,
      hint: `Let it read the decision: if: stages.${gate}.output.decision == 'approved' — or choose another on_reject.`,
    }),
  }),

  beside_gate: define({
    severity: 'warning',
    summary: 'A stage with an effect stands below a gate and does not wait for it.',
    explanation:
      'A stage that stands below an `approve` looks as if it ran when that was approved. With needs of its own that lead around the gate it runs at once.',
    wrong: `name: release
stages:
  - id: build
    run: make
  - id: ok
    approve: { message: Release it? }
  - id: release
    needs: [build]
    run: ./release.sh
`,
    right: `name: release
stages:
  - id: build
    run: make
  - id: ok
    approve: { message: Release it? }
  - id: release
    needs: [build, ok]
    run: ./release.sh
`,
    say: (stage: string, gate: string) => ({
      message: `"${stage}" stands below "${gate}" but does not wait for it.`,
      hint: `Add ${gate} to its needs, or move it above.`,
    }),
  }),
}
