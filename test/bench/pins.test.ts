/** The benchmark's own package: what it compares with must stand on the LangGraph that we stand on. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
const shared = ['@langchain/core', '@langchain/langgraph', '@langchain/langgraph-checkpoint', 'zod']

test.each(shared)('the rivals are pinned to our version of %s, and locked at it', (name) => {
  const { dependencies } = read('../../bench/package.json')
  const { packages } = read('../../bench/package-lock.json')
  const pinned = read('../../package.json').dependencies[name]
  expect(dependencies[name]).toBe(pinned)
  expect(packages[`node_modules/${name}`].version).toBe(pinned)
})

test('the official SqliteSaver runs on a better-sqlite3 that comes built', () => {
  const { packages } = read('../../bench/package-lock.json')
  expect(packages['node_modules/better-sqlite3'].version).toBe('13.2.0')
})
