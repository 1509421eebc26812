/** The stage kind `assert`: what must hold. Pure; every condition is evaluated, and all that fail are told at once. */
import { z } from 'zod'
import { StageError } from '../foundation/errors.ts'
import { defineStage } from '../foundation/stage-kind.ts'

const assertion = z.strictObject({
  that: z.boolean().describe('The condition: a bare expression that gives true or false.'),
  message: z.string().optional().describe('What to say when it does not hold; may hold `${{ }}`.'),
})

const schema = z.array(assertion).min(1).describe('Conditions that must hold.')

type Assertions = z.infer<typeof schema>

export const assert = defineStage<Assertions>({
  name: 'assert',
  docs: {
    summary: 'Fails unless every condition holds; all conditions that fail are listed.',
    output: 'null. On failure the category is `assertion` and `error.details` lists `{index, message}` of each.',
    example: `name: check_prices
inputs:
  prices: { type: array, items: { type: number }, default: [3, 5] }
stages:
  - id: sane
    assert:
      - that: size(inputs.prices) > 0
        message: There are no prices.
      - that: inputs.prices.all(price, price > 0)
        message: "A price is not positive: \${{ json(inputs.prices) }}"
outputs:
  highest: \${{ max(inputs.prices) }}
`,
  },
  schema,
  slots: { '*.that': { is: 'expression' } },
  pure: true,
  outputSchema: () => ({ type: 'null' }),
  run(assertions) {
    const failed = assertions.flatMap(({ that, message }, index) =>
      that ? [] : [{ index, message: message ?? `Condition ${index + 1} does not hold.` }],
    )
    if (failed.length > 0) throw failure(failed, assertions.length)
    return null
  },
})

function failure(failed: readonly { index: number; message: string }[], total: number): StageError {
  const count = total === 1 ? '' : `${failed.length} of ${total} conditions do not hold: `
  return new StageError(`${count}${failed.map(({ message }) => message).join(' ')}`, {
    category: 'assertion',
    details: failed,
    retryable: false,
  })
}
