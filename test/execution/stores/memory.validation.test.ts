import { createMemoryStore } from '../../../src/execution/stores/memory.ts'
import { validateCheckpointer } from '../../conformance/checkpointer.ts'

validateCheckpointer('stagegraph memory store', () => createMemoryStore())
