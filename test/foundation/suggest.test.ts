import { expect, it } from 'vitest'
import { didYouMean, suggest } from '../../src/foundation/suggest.ts'

it.each([
  ['rewiew', 'review'],
  ['Review', 'review'],
  ['wehn', 'when'],
  ['reviews', 'review'],
])('%s is near %s', (word, near) => expect(suggest(word, ['publish', 'when', 'review'])).toBe(near))

it.each(['zzz', 'x', 'completely_else'])('%s is near nothing', (word) =>
  expect(suggest(word, ['publish', 'when', 'review'])).toBeUndefined(),
)

it('asks as people ask', () => {
  expect(didYouMean('rewiew', ['review'])).toBe('Did you mean "review"?')
  expect(didYouMean('zzz', ['review'])).toBeUndefined()
})
