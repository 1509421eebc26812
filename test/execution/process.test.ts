/** What an engine does to the process it lives in: nothing holds it open when the work is done. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const library = fileURLToPath(new URL('../../src/index.ts', import.meta.url))

it('a process ends by itself after a run, also when nobody closes the engine or the store', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stagegraph-process-'))
  try {
    const script = join(folder, 'script.mts')
    writeFileSync(
      script,
      `import { compile, createEngine, openStore } from ${JSON.stringify(library)}
const engine = createEngine({ store: openStore(${JSON.stringify(join(folder, 'runs.db'))}) })
const pipeline = compile('name: p\\nlimits: { timeout: 1h }\\nstages:\\n  - { id: a, run: "echo hi", timeout: 10m }\\n  - { id: b, transform: 1 }\\n')
const run = await engine.start(pipeline, {}, { until: 'a' })
console.log((await run.result).status)
console.log((await (await engine.resume(run.id)).result).status)
`,
    )
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.on('data', (text) => {
      out += text
    })
    const [code] = await once(child, 'close')
    expect({ code, out }).toEqual({ code: 0, out: 'paused\nsucceeded\n' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 60_000)
