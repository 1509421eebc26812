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

/** `name` decides whether types have to be stripped (`.ts`, `.mts`, `.cts`). */
export function readExports(text: string, name: string): ModuleExports | UnreadableModule {
  try {
    const code = /\.[cm]?ts$/.test(name) ? withoutTypes(text) : text
    const [, exports, , isModule] = parse(code, name)
    if (!isModule && exports.length === 0) return commonJsExports(code)
    const named = exports.flatMap((each) => (each.type === 'reexport-all' || each.typeOnly ? [] : [each.name]))
    if (named.includes('')) return notJavaScript // such as `export function ?a()`: the lexer knows no grammar
    return { names: named, open: exports.some(({ type, typeOnly }) => type === 'reexport-all' && !typeOnly) }
  } catch (error) {
    return unreadableModule(error as NodeJS.ErrnoException)
  }
}

const notJavaScript: UnreadableModule = { code: 'not_a_module', message: 'it is no JavaScript', line: undefined }

function unreadableModule({ code, message, stack = '' }: NodeJS.ErrnoException): UnreadableModule {
  const place = /^\S*:(\d+)$/m.exec(stack) ?? /:(\d+):\d+$/.exec(message) // Node's way, and that of the lexer
  const line = place ? Number(place[1]) : undefined
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return { code: 'not_erasable', message: message.replace(' is not supported in strip-only mode', ''), line }
  }
  const reason = code === 'ERR_INVALID_TYPESCRIPT_SYNTAX' ? message.split('. ', 1)[0] : notJavaScript.message
  return { code: 'not_a_module', message: reason ?? message, line }
}

/** CommonJS: names are assigned at run time, so none can be ruled out. A text without either is no module at all. */
function commonJsExports(text: string): ModuleExports {
  return { names: [], open: /\bexports\b/.test(text) }
}

/** The same text with blanks where types were, so that lines stay. Throws when it holds more than types. */
function withoutTypes(text: string): string {
  return withoutWarning(() => stripTypeScriptTypes(text))
}

/** Node says once a process that stripping types by hand is experimental; no user of ours can do anything about that. */
function withoutWarning<T>(work: () => T): T {
  const { emitWarning } = process
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (!String(warning).includes('stripTypeScriptTypes')) emitWarning.call(process, warning, ...rest)
  }) as typeof process.emitWarning
  try {
    return work()
  } finally {
    process.emitWarning = emitWarning
  }
}
