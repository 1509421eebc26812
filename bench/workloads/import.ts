/** Importing the package, beside importing what others start with, and an empty process. */
import { pathToFileURL } from 'node:url'
import type { Finding, Sample, Workload } from '../harness/contract.ts'
import { digestOf } from '../harness/digest.ts'
import { snapshotFolder } from '../harness/ours.ts'
import { benchFolder } from '../harness/places.ts'
import { measuredProcess } from './process.ts'

const modules: Readonly<Record<string, () => string>> = {
  'import-stagegraph': () => pathToFileURL(`${snapshotFolder()}dist/index.js`).href,
  'import-langgraph': () => pathToFileURL(`${benchFolder}node_modules/@langchain/langgraph/dist/index.js`).href,
  'import-mastra': () => pathToFileURL(`${benchFolder}node_modules/@mastra/core/dist/workflows/index.js`).href,
  'empty-process': () => 'node:path',
}

export const imports: Workload = {
  name: 'import',
  cases: [
    {
      id: 'import',
      title: 'import the package, in a new process',
      units: 1,
      unit: 'process',
      size: 1,
      rivals: Object.keys(modules),
      modes: ['quick', 'full'],
      samples: 3,
    },
  ],
  async measure(_one, name, { samples, directory }): Promise<Finding> {
    const specifier = modules[name]?.() ?? ''
    const script = `await import(${JSON.stringify(specifier)}); console.log('here')`
    const found: Sample[] = []
    for (let i = 0; i <= samples; i++) {
      const sample = measuredProcess(['--input-type=module', '-e', script], directory, 'here')
      if (i > 0) found.push(sample) // the first reads the files from disk
    }
    return { samples: found, digest: digestOf('here') }
  },
}
