/**
 * Which stages and variables an expression may read, found without parsing it: enough to build a scope that holds no
 * more. It may find too much (a name inside a text), never too little.
 */
export interface Reads {
  readonly stages: Names
  readonly vars: Names
}

/** `all` when the map is used whole, or by a key that is worked out. */
export type Names = ReadonlySet<string> | 'all'

/** Nothing at all: most expressions. */
export const nobody: ReadonlySet<string> = new Set()

export function createReads(): (sources: readonly string[]) => Reads {
  const known = new Map<string, Reads>()
  const readsOf = (source: string): Reads => {
    const before = known.get(source)
    if (before) return before
    const found = { stages: namesAfter('stages', source), vars: namesAfter('vars', source) }
    known.set(source, found)
    return found
  }
  return (sources) => {
    if (sources.length === 1) return readsOf(sources[0] as string)
    const each = sources.map(readsOf)
    return { stages: union(each.map(({ stages }) => stages)), vars: union(each.map(({ vars }) => vars)) }
  }
}

function namesAfter(map: 'stages' | 'vars', source: string): Names {
  if (!source.includes(map)) return nobody
  const names = new Set<string>()
  for (const { index } of source.matchAll(map === 'stages' ? /\bstages\b/g : /\bvars\b/g)) {
    const member = /^\s*\.\s*\??\s*([A-Za-z_]\w*)/.exec(source.slice(index + map.length, index + map.length + 200))
    if (!member) return 'all'
    names.add(member[1] as string)
  }
  return names
}

function union(sets: readonly Names[]): Names {
  const all = new Set<string>()
  if (sets.every((names) => names === nobody)) return nobody
  for (const names of sets) {
    if (names === 'all') return 'all'
    for (const name of names) all.add(name)
  }
  return all
}
