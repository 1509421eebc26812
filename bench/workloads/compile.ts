/** Compiling a pipeline of 1,000 stages beside reading its YAML alone. (`npm run bench:compile` has the other sizes.) */
import { parseDocument } from 'yaml'
import { largePipeline } from '../compile/pipeline.ts'
import type { Finding, Sample, Workload } from '../harness/contract.ts'
import { digestOf } from '../harness/digest.ts'
import { metered } from '../harness/meter.ts'
import { loadCompiler } from '../harness/ours.ts'

export const compile: Workload = {
  name: 'compile',
  cases: [
    {
      id: 'compile-1000',
      title: 'compile a pipeline of 1,000 stages',
      units: 1_000,
      unit: 'stage',
      size: 1_000,
      rivals: ['compile', 'yaml'],
      modes: ['quick', 'full'],
      samples: 5,
    },
  ],
  async measure(one, name, { samples }): Promise<Finding> {
    const text = largePipeline(one.size)
    const work = name === 'yaml' ? () => void parseDocument(text) : await compiler(text)
    const found: Sample[] = []
    for (let i = 0; i < samples + 3; i++) {
      const { sample } = await metered(async () => work())
      if (i > 2) found.push(sample)
    }
    return { samples: found, digest: digestOf(text.length) }
  },
}

async function compiler(text: string): Promise<() => void> {
  const { compilePipeline, builtinKinds, builtinFunctions } = await loadCompiler()
  return () => {
    const { plan } = compilePipeline(text, { kinds: builtinKinds, functions: builtinFunctions, models: new Set() })
    if (plan?.stages.length !== 1_000) throw new Error('the pipeline does not compile')
  }
}
