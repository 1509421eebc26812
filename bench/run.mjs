// `npm run bench`: puts the rivals beside the engine. Installs them by itself the first time; CI never does.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 24) {
  console.error(`The benchmark needs Node 24, and this is ${process.version}. Start it with: npm run bench`)
  process.exit(2)
}

const here = fileURLToPath(new URL('.', import.meta.url))
if (!existsSync(`${here}node_modules/.package-lock.json`)) {
  console.log('First use: installing the rivals into bench/node_modules (about 220 MB, only for the benchmark) …')
  const installed = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: here,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` }, // npm runs on this Node
  })
  if (installed.status !== 0) {
    console.error('The rivals could not be installed. Try: cd bench && npm ci')
    process.exit(2)
  }
}

await import('./main.ts')
