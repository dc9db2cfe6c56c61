/** ASCII that Go's encoding/json leaves as it is, for nearly all strings. */
const PLAIN = /^[ !#-%'-;=?-[\]-\x7f]*$/

// eslint-disable-next-line no-control-regex
const SPECIAL = /["\\<>&\u2028\u2029\u0000-\u001f]|\p{Surrogate}/gu

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

/**
 * A string as Go's encoding/json writes it (https://pkg.go.dev/encoding/json#Marshal), as of Go 1.22: with `<`, `>`,
 * `&`, U+2028 and U+2029 escaped, and `\b` and `\f` in their short form. Every byte that is not part of valid UTF-8,
 * here a lone surrogate, becomes `\ufffd`.
 */
export function jsonString(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : `"${text.replace(SPECIAL, escapeOf)}"`
}

function escapeOf(character: string): string {
  const short = SHORT[character]
  if (short !== undefined) return short
  const code = character.charCodeAt(0)
  return code >= 0xd800 && code <= 0xdfff ? '\\ufffd' : `\\u${code.toString(16).padStart(4, '0')}`
}
