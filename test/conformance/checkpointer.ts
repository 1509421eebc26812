/**
 * LangGraph's own validation suite on one of our checkpointers, and the proof that all of it ran.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { deltaChannelHistoryTests, validate } from '@langchain/langgraph-checkpoint-validation'
import { expect, it } from 'vitest'
import type { RunStore } from '../../src/execution/store.ts'

/** `validate()` has 718 tests, `deltaChannelHistoryTests()` 8. */
export const validationTests = 726

/** The part of vitest's task tree that counting needs. */
interface TaskTree {
  readonly type: string
  readonly name: string
  readonly result?: { readonly state: string } | undefined
  readonly tasks?: readonly TaskTree[]
}

/** Declares the whole suite, then a test that fails unless every one of its tests has run and passed. */
export function validateCheckpointer(name: string, open: (folder: string) => RunStore): void {
  const stores = new Map<BaseCheckpointSaver, { readonly store: RunStore; readonly folder: string }>()
  const initializer = {
    checkpointerName: name,
    createCheckpointer() {
      const folder = mkdtempSync(join(tmpdir(), 'stagegraph-validation-'))
      const store = open(folder)
      stores.set(store.saver, { store, folder })
      return store.saver
    },
    async destroyCheckpointer(saver: BaseCheckpointSaver) {
      const made = stores.get(saver)
      stores.delete(saver)
      await made?.store.close()
      if (made) rmSync(made.folder, { recursive: true })
    },
  }
  validate(initializer)
  deltaChannelHistoryTests(initializer)

  it(`ran ${validationTests} validation tests and skipped none`, ({ task }) => {
    const others = testsOf(task.file as unknown as TaskTree).filter((other) => other.name !== task.name)
    const passed = others.filter(({ result }) => result?.state === 'pass')
    expect({ tests: others.length, passed: passed.length }).toEqual({ tests: validationTests, passed: validationTests })
  })
}

function testsOf(tree: TaskTree): readonly TaskTree[] {
  return tree.type === 'test' ? [tree] : (tree.tasks ?? []).flatMap(testsOf)
}
