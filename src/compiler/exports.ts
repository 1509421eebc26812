/**
 * What a source file exports, found by reading it: types are stripped and the text is lexed, nothing is imported.
 */
import { stripTypeScriptTypes } from 'node:module'
import { parse } from 'es-module-lexer/js'

export interface ModuleExports {
  readonly names: readonly string[]
  /** It re-exports all of another module, so there may be more. */
  readonly open: boolean
}

/** A file that Node could not load as it is: `line` counts from 1, when it is known. */
export interface UnreadableModule {
  readonly code: 'not_erasable' | 'not_a_module'
  readonly message: string
  readonly line: number | undefined
}

/** `name` decides whether types have to be stripped (`.ts`, `.mts`). */
export function readExports(text: string, name: string): ModuleExports | UnreadableModule {
  if (/\.[cm]?ts$/.test(name)) {
    const fault = typesFault(text)
    if (fault) return fault
  }
  try {
    const [, exports, , isModule] = parse(text, name)
    if (!isModule && exports.length === 0) return commonJsExports(text)
    const named = exports.flatMap((each) => (each.type === 'reexport-all' || each.typeOnly ? [] : [each.name]))
    return { names: named, open: exports.some(({ type }) => type === 'reexport-all') }
  } catch (error) {
    const { message } = error as Error
    const at = /:(\d+):\d+$/.exec(message)
    return {
      code: 'not_a_module',
      message: 'it is no JavaScript that can be read',
      line: at ? Number(at[1]) : undefined,
    }
  }
}

/** CommonJS: names are assigned at run time, so none can be ruled out. A text without either is no module at all. */
function commonJsExports(text: string): ModuleExports {
  return { names: [], open: /\b(module\.exports|exports\.\w+|exports\[)/.test(text) }
}

function typesFault(text: string): UnreadableModule | undefined {
  try {
    withoutWarning(() => stripTypeScriptTypes(text))
    return undefined
  } catch (error) {
    const { code, message, stack = '' } = error as NodeJS.ErrnoException
    const line = /^\S*:(\d+)$/m.exec(stack)
    const place = line ? Number(line[1]) : undefined
    if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
      return { code: 'not_erasable', message: message.replace(' is not supported in strip-only mode', ''), line: place }
    }
    return { code: 'not_a_module', message: `it cannot be read: ${message}`, line: place }
  }
}

/** Node says once a process that stripping types by hand is experimental; no user of ours can do anything about that. */
function withoutWarning(work: () => void): void {
  const { emitWarning } = process
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (!String(warning).includes('stripTypeScriptTypes')) emitWarning.call(process, warning, ...rest)
  }) as typeof process.emitWarning
  try {
    work()
  } finally {
    process.emitWarning = emitWarning
  }
}
