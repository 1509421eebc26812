/** Says in a sentence what is wrong with an input's value. The validators are those that the engine uses. */
import { createValidators } from '../foundation/schema.ts'
import type { CheckValue } from './inputs.ts'

export function createInputCheck(): CheckValue {
  const validators = createValidators()
  return (schema, value) => {
    const problems = validators.validate(schema, value)
    if (problems.length === 0) return undefined
    return problems
      .map(({ path, message }) => (path === '$' ? message : `${path.replace(/^\$\.?/, '')} ${message}`))
      .join('; ')
  }
}
