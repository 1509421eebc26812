import { expect, it } from 'vitest'
import { createMemoryStore } from '../../../src/execution/stores/memory.ts'
import { langgraphConformance } from '../../conformance/langgraph.ts'
import { storeConformance } from '../../conformance/store.ts'
import { begin } from '../../conformance/support.ts'

storeConformance({
  name: 'the memory store',
  persistent: false,
  open: (_folder, clock) => createMemoryStore({ clock }),
})

langgraphConformance({ name: 'LangGraph on the memory store', open: () => createMemoryStore() })

it('says what it is and how much it keeps', async () => {
  const store = createMemoryStore()
  expect(await store.describe()).toEqual({ kind: 'memory', location: 'memory', schemaVersion: 0, bytes: 0 })
  await store.append(await begin(store, 'r1'), 1, [{ type: 'run.cancelling', at: '2026-01-01T00:00:00.000Z' }])
  expect((await store.describe()).bytes).toBeGreaterThan(10)
})
