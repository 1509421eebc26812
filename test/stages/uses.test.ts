import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { uses } from '../../src/stages/uses.ts'
import { failureOf, runKind, temporaryFolder } from './support.ts'

const folderWith = (files: Record<string, string>): string => {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

test('calls', async () => {
  const directory = folderWith({
    'package.json': '{"type":"module"}',
    'stages/x.ts': `interface A { n: number }

export function twice({ n }: A, ctx: { stage: string }) {
  if (n < 0) {
    throw new RangeError('negative')
  }
  return { n: n * 2, stage: ctx.stage }
}
`,
  })
  console.log(await runKind(uses, { uses: './stages/x.ts#twice', with: { n: 3 } }, { directory }))
  console.log(await failureOf(runKind(uses, { uses: './stages/x.ts#twice', with: { n: -3 } }, { directory })))
})
