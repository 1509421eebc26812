/** What is the same for every run of a plan, made at the first and kept for as long as the plan is. */
import type { Plan } from '../foundation/plan.ts'

export function perPlan<T extends NonNullable<unknown>>(make: (plan: Plan) => T): (plan: Plan) => T {
  const made = new WeakMap<Plan, T>()
  return (plan) => {
    const known = made.get(plan) ?? make(plan)
    made.set(plan, known)
    return known
  }
}
