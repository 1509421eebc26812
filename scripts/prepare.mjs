// Runs after `npm ci`: builds `dist`, so that a fresh clone can run at once.
// In a production install there is no compiler and nothing to build; say so and go on.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const tsc = new URL('../node_modules/typescript/bin/tsc', import.meta.url)
if (existsSync(tsc)) {
  const built = spawnSync(process.execPath, [new URL('build.mjs', import.meta.url).pathname], { stdio: 'inherit' })
  process.exitCode = built.status ?? 1
} else {
  console.log('stagegraph: typescript is not installed (a production install), so dist is not built here.')
}
