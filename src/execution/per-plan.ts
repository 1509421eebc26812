/** What is the same for every run of a plan, or of a pipeline inside, made at the first and kept for as long as that is. */
import type { Plan } from '../foundation/plan.ts'

export function perPlan<T extends NonNullable<unknown>, P extends object = Plan>(make: (plan: P) => T): (plan: P) => T {
  const made = new WeakMap<P, T>()
  return (plan) => {
    const known = made.get(plan) ?? make(plan)
    made.set(plan, known)
    return known
  }
}
