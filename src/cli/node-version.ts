/** Which Node versions the program runs on. Imports nothing, and is read by Nodes that can run nothing else of it. */

/** Oldest release: `node:sqlite` without a flag, and types stripped from `.ts` files. */
export const oldestNode = [22, 22] as const

/** What to tell people whose Node is too old; undefined when it will do. */
export function unsupportedNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = oldestNode
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined
  return (
    `stagegraph needs Node ${oldestMajor}.${oldestMinor} or newer, and this is ${version}.\n` +
    'Install a newer one from https://nodejs.org (or: nvm install 24), then run the command again.\n' +
    'In a checkout of stagegraph, "npm ci" brings Node 24 along, and "npm run" and "npx stagegraph" use it.'
  )
}
