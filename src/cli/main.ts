#!/usr/bin/env node
/**
 * The program `stagegraph`. Before anything else is loaded, it looks whether this Node can load it.
 */
import { unsupportedNode } from './node-version.ts'

const sentence = unsupportedNode(process.versions.node)
if (sentence === undefined) {
  const { start } = await import('./start.ts')
  await start()
} else {
  process.stderr.write(`${sentence}\n`)
  process.exitCode = 2
}
