/**
 * Takes over what a stage returned: one walk that checks that it is JSON, copies it, bounds its size and freezes it.
 *
 * What was taken over before is frozen JSON and is shared, not walked again; so a large value may be handed from stage
 * to stage for nothing.
 */
import { assertJson, forbiddenKeys, type Json, maxJsonDepth } from '../foundation/json.ts'

export interface Kept {
  readonly value: Json
  /** UTF-8 bytes of its JSON text, where that had to be counted: the bound was above the limit. */
  readonly bytes: number | undefined
}

export interface Keeper {
  /** Counts the bytes only when there may be more than `maxBytes`. Throws NotJsonError. */
  keep(value: unknown, maxBytes: number): Kept
}

/** Values of fewer bytes are quicker copied than remembered. */
const rememberedBytes = 1_024

/** Of a value that was taken over. */
interface Known {
  readonly bound: number
  /** Levels inside it. */
  readonly levels: number
}

/** Where the quick walk ends: the value is no JSON, or may be too large. */
const leave = Symbol('leave')

export function createKeeper(): Keeper {
  const known = new WeakMap<object, Known>()

  function quick(value: unknown, maxBytes: number): Json | typeof leave {
    const walk = new Walk(known, maxBytes)
    const copy = walk.copy(value, 0)
    return walk.bound > maxBytes ? leave : copy
  }
  return {
    keep(value, maxBytes) {
      const kept = quick(value, maxBytes)
      if (kept !== leave) return { value: kept, bytes: undefined }
      assertJson(value)
      const text = JSON.stringify(value)
      const bytes = Buffer.byteLength(text)
      if (bytes > maxBytes) return { value: null, bytes }
      return { value: new Walk(known, Number.POSITIVE_INFINITY).copy(JSON.parse(text), 0) as Json, bytes }
    },
  }
}

class Walk {
  /** At least as many bytes as the JSON text so far. */
  bound = 0
  /** The deepest level so far. */
  private deepest = 0
  private readonly known: WeakMap<object, Known>
  private readonly limit: number

  constructor(known: WeakMap<object, Known>, limit: number) {
    this.known = known
    this.limit = limit
  }

  copy(value: unknown, depth: number): Json | typeof leave {
    switch (typeof value) {
      case 'string':
        this.bound += value.length * 6 + 2
        return value
      case 'number':
        this.bound += 25
        if (value === 0) return 0 // JSON knows no -0
        return Number.isFinite(value) ? value : leave
      case 'boolean':
        this.bound += 5
        return value
      case 'object':
        this.bound += 4
        return value === null ? null : this.copyInside(value, depth)
      default:
        return leave
    }
  }

  private copyInside(value: object, depth: number): Json | typeof leave {
    const known = this.known.get(value)
    if (known) return this.share(value, known, depth)
    if (depth >= maxJsonDepth || this.bound > this.limit) return leave
    const { bound, deepest } = this
    this.deepest = depth
    const made = Array.isArray(value) ? this.copyList(value, depth) : this.copyMap(value, depth)
    if (made === leave) return leave
    const own = { bound: this.bound - bound, levels: this.deepest - depth }
    if (own.bound >= rememberedBytes) this.known.set(made as object, own)
    this.deepest = Math.max(deepest, this.deepest)
    return made
  }

  private share(value: object, { bound, levels }: Known, depth: number): Json | typeof leave {
    this.bound += bound
    this.deepest = Math.max(this.deepest, depth + levels)
    return depth + levels < maxJsonDepth ? (value as Json) : leave
  }

  private copyList(list: readonly unknown[], depth: number): Json | typeof leave {
    if (Object.getPrototypeOf(list) !== Array.prototype) return leave
    const made: Json[] = []
    for (let index = 0; index < list.length; index++) {
      const inner = this.copy(list[index], depth + 1)
      if (inner === leave) return leave
      this.bound++
      made.push(inner)
    }
    return Object.freeze(made)
  }

  private copyMap(map: object, depth: number): Json | typeof leave {
    const prototype = Object.getPrototypeOf(map)
    if (prototype !== Object.prototype && prototype !== null) return leave
    if (Object.getOwnPropertySymbols(map).length > 0) return leave
    const made: Record<string, Json> = {}
    for (const key of Object.keys(map)) {
      if (forbiddenKeys.has(key)) return leave
      const inner = this.copy((map as Readonly<Record<string, unknown>>)[key], depth + 1)
      if (inner === leave) return leave
      this.bound += key.length * 6 + 4
      made[key] = inner
    }
    return Object.freeze(made)
  }
}
