import { isAscii } from './byte-string.ts'

/**
 * A name in lower case as Go's `strings.ToLower` gives it: each character by itself, whatever stands beside it, and never one character
 * as several. A byte that is not part of valid UTF-8 becomes U+FFFD.
 */
export function lowerCase(name: string): string {
  if (isAscii(name)) return name.toLowerCase()
  let lower = ''
  for (const character of name.toWellFormed()) lower += SPECIAL.get(character) ?? character.toLowerCase()
  return lower
}

/** The only character for which Unicode's full mapping differs from the simple one when it stands alone (SpecialCasing.txt). */
const SPECIAL: ReadonlyMap<string, string> = new Map([['\u0130', 'i']])
