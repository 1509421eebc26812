/** Where things are. Absolute paths of folders end in `/`. */
import { fileURLToPath } from 'node:url'

const folder = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export const rootFolder = folder('../../')
export const benchFolder = folder('../')
export const resultsFolder = `${benchFolder}results/`
/** Inside the root's node_modules, so that what is built there resolves to the root's packages. */
export const snapshotsFolder = `${rootFolder}node_modules/.cache/stagegraph-bench/`
export const childFile = `${benchFolder}harness/child.ts`
/** The folder of the built snapshot that child processes measure. */
export const snapshotVariable = 'STAGEGRAPH_BENCH_SNAPSHOT'
