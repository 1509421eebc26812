/** Makes the files that 18-batch.yaml works on. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

interface Order {
  readonly folder: string
  readonly count: number
  readonly brokenEvery: number
}

/** Every so many files one is cut off in the middle. Gives the paths. */
export async function makeFiles({ folder, count, brokenEvery }: Order): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const paths: string[] = []
  for (let number = 1; number <= count; number++) {
    const path = join(folder, `order-${String(number).padStart(5, '0')}.json`)
    await writeFile(path, number % brokenEvery === 0 ? '{"amount": ' : JSON.stringify({ amount: number }))
    paths.push(path)
  }
  return paths
}
