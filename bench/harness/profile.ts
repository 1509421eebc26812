/** Where one rival spends its time at one case: a CPU profile of a child process, folded by function. */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { caseById } from '../workloads/index.ts'
import type { Lowering } from './contract.ts'
import { benchFolder, rootFolder } from './places.ts'
import { runChild } from './run-child.ts'

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface Cost {
  self: number
  /** Own time and that of everything called, counted once where a function calls itself. */
  total: number
}

/** Prints the costs of `case:rival`. Only what the clock sees counts; warm-up runs are among it. */
export async function profile(which: string, lowering: Lowering, snapshot: string): Promise<void> {
  const [caseId = '', rival = ''] = which.split(':')
  const directory = mkdtempSync(join(tmpdir(), 'stagegraph-profile-'))
  try {
    const { one } = caseById(caseId)
    // Collections that the meter asks for would be half of it.
    const flags = ['--no-expose-gc', '--cpu-prof', `--cpu-prof-dir=${directory}`, '--cpu-prof-interval=200']
    const answer = await runChild({
      caseId,
      rival,
      lowering,
      samples: one.samples * 6,
      snapshot,
      limitMs: 600_000,
      flags,
    })
    if ('failed' in answer) throw new Error(`${which}: ${answer.failed}`)
    const [file = ''] = readdirSync(directory)
    print(JSON.parse(readFileSync(join(directory, file), 'utf8')) as CpuProfile, `${realpathSync(snapshot)}/`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function print({ nodes, samples, timeDeltas }: CpuProfile, snapshot: string): void {
  const selfOf = new Map<number, number>()
  for (const [index, id] of samples.entries()) selfOf.set(id, (selfOf.get(id) ?? 0) + (timeDeltas[index] ?? 0))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const functions = new Map<string, Cost>()
  const areas = new Map<string, Cost>()

  const root = nodes[0]
  if (root) visit(root, new Set(), '(native)')
  show('by area, own time with that of Node and SQLite below it', areas, 'self')
  show('by function, own time', functions, 'self')
  show('by function, with what it calls', functions, 'total')

  function visit(node: ProfileNode, callers: ReadonlySet<string>, callersArea: string): number {
    if (isOutside(node, snapshot)) return 0
    const name = nameOf(node, snapshot)
    const area = areaOf(node, snapshot) ?? callersArea
    const self = selfOf.get(node.id) ?? 0
    const children = (node.children ?? []).flatMap((id) => byId.get(id) ?? [])
    const total = self + sum(children.map((child) => visit(child, new Set(callers).add(name), area)))
    add(functions, name, self, callers.has(name) ? 0 : total)
    add(areas, area, self, 0)
    return total
  }
}

/** Loading, compiling, opening and closing files, reading the final state: what the clock does not see either. */
function isOutside(node: ProfileNode, snapshot: string): boolean {
  const { functionName } = node.callFrame
  const file = fileOf(node, snapshot)
  if (functionName === '(idle)') return true
  if (file.startsWith('node:internal/modules') || file.startsWith('node:internal/bootstrap')) return true
  return file.startsWith('bench: ') && /^(prepare|close|digestOf|canonical|createWitness|chainJob)/.test(functionName)
}

/** The package or the folder of ours that a function belongs to; nothing for Node itself and native code. */
function areaOf(node: ProfileNode, snapshot: string): string | undefined {
  if (node.callFrame.functionName === '(garbage collector)') return 'garbage collector'
  const file = fileOf(node, snapshot)
  if (file === '(native)' || file.startsWith('node:')) return undefined
  if (file.startsWith('ours: ') || file.startsWith('bench: ')) return file
  const parts = file.split('/')
  return parts.slice(0, file.startsWith('@') ? 2 : 1).join('/')
}

function add(costs: Map<string, Cost>, name: string, self: number, total: number): void {
  const cost = costs.get(name) ?? { self: 0, total: 0 }
  cost.self += self
  cost.total += total
  costs.set(name, cost)
}

function show(title: string, costs: ReadonlyMap<string, Cost>, by: keyof Cost): void {
  const all = sum([...costs.values()].map(({ self }) => self))
  console.log(`\n${title} (of ${(all / 1_000).toFixed(0)} ms)`)
  const top = [...costs].toSorted((a, b) => b[1][by] - a[1][by]).slice(0, by === 'total' ? 110 : 30)
  for (const [name, cost] of top) {
    console.log(
      `  ${((cost[by] / all) * 100).toFixed(1).padStart(5)} %  ${(cost[by] / 1_000).toFixed(1).padStart(8)} ms  ${name}`,
    )
  }
}

const nameOf = (node: ProfileNode, snapshot: string): string =>
  `${node.callFrame.functionName || '(anonymous)'}  ${fileOf(node, snapshot)}:${node.callFrame.lineNumber + 1}`

const fileOf = ({ callFrame: { url } }: ProfileNode, snapshot: string): string =>
  url
    .replace('file://', '')
    .replace(`${snapshot}dist/`, 'ours: ')
    .replace(`${realpathSync(`${benchFolder}node_modules`)}/`, '')
    .replace(`${realpathSync(`${rootFolder}node_modules`)}/`, '')
    .replace(benchFolder, 'bench: ') || '(native)'

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
