/** Secrets are declared, and stand only where their value is used and never stored. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { suggest } from '../../foundation/suggest.ts'
import type { CheckedSite } from './facts/expressions.ts'
import type { Rule } from './rule.ts'

export const secretsInPlace: Rule = ({ expressions, declared }, report) => {
  for (const each of expressions.all) {
    const { site, checked, spanIn } = each
    if (checked.reads.whole.has('secrets')) {
      report(diagnostics.secret_not_allowed(wordSpan(each, undefined), undefined, 'one value; name them one by one'))
    }
    for (const read of checked.reads.secrets) {
      if (site.secrets === 'no')
        report(diagnostics.secret_not_allowed(wordSpan(each, read.start), read.name, placeOf(site.label)))
      else if (!declared.secrets.has(read.name)) {
        const near = suggest(read.name, declared.secrets)
        report(diagnostics.undeclared_secret(spanIn(read.start, read.end), read.name, near))
      }
    }
  }
}

const placeOf = (label: string): string => `"${label}"`

/** From the word `secrets` on. */
function wordSpan({ source, spanIn }: CheckedSite, read: number | undefined) {
  const start = read === undefined ? source.indexOf('secrets') : source.lastIndexOf('secrets', read)
  return spanIn(start, read === undefined ? start + 'secrets'.length : read)
}
