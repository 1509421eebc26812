/** What `uses:` names: an export of a file, an export of a package, or a registered function. */
export type Reference =
  | { readonly kind: 'file'; readonly path: string; readonly export: string }
  | { readonly kind: 'package'; readonly specifier: string; readonly export: string }
  | { readonly kind: 'name'; readonly name: string }

/** undefined when the text is none of them, such as a file without `#export` (`./f.ts`, `f.ts`). */
export function parseReference(text: string): Reference | undefined {
  const hash = text.indexOf('#')
  const target = hash === -1 ? text : text.slice(0, hash)
  const name = hash === -1 ? '' : text.slice(hash + 1)
  const isFile = /^\.{0,2}\//.test(target)
  if (hash === -1) return isFile || isScript.test(target) || target === '' ? undefined : { kind: 'name', name: target }
  if (!/^[A-Za-z_$][\w$]*$/.test(name) || target === '') return undefined
  return isFile ? { kind: 'file', path: target, export: name } : { kind: 'package', specifier: target, export: name }
}

const isScript = /\.[cm]?[jt]sx?$/
