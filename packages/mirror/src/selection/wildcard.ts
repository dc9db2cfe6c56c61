/** What one position of a wildcard takes: a certain character, any one, one in (or not in) a set of ranges, or any run of characters. */
type Token =
  | { readonly kind: 'character'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'run' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }

/** A compiled wildcard. */
export interface Wildcard {
  /** The only text that matches, where there is just one; `[*]` and the like are resolved in it. */
  readonly literal: string | undefined
  /** What every text that matches ends with; empty where nothing is certain. */
  readonly end: string
  /** Whether the whole of a text matches. */
  readonly matches: (text: string) => boolean
}

/**
 * Compiles a wildcard with the meaning of Python's `fnmatch` (https://docs.python.org/3/library/fnmatch.html): `*` is any run of characters, `?` one
 * character, `[abc]` and `[a-z]` one of those, `[!a-z]` one that is not among them. A `[` without its `]` stands for itself, and `[*]`, `[?]`
 * and `[[]` for the character between the brackets. A byte of a name that is not UTF-8 counts as one character. Case matters.
 *
 * The time that a match takes grows with the length of wildcard times text at most, whatever the number of stars. `/` is a character like others:
 * whoever wants whole names gives whole names.
 *
 * @param pattern - the wildcard; any string is one
 */
export function compileWildcard(pattern: string): Wildcard {
  const tokens = parse(pattern)
  const literal = literalText(tokens)
  if (literal !== undefined) return { literal, end: literal, matches: (text) => text === literal }
  const end = literalText(tokens.slice(tokens.findLastIndex(({ kind }) => kind !== 'character') + 1)) ?? ''
  return { literal: undefined, end, matches: simpleMatch(tokens) ?? guardedMatch(tokens, end) }
}

function parse(pattern: string): readonly Token[] {
  const tokens: Token[] = []
  const characters = Array.from(pattern)
  for (let i = 0; i < characters.length; i++) {
    const text = characters[i] ?? ''
    if (text === '?') tokens.push({ kind: 'any' })
    else if (text === '*') {
      if (tokens.at(-1)?.kind !== 'run') tokens.push({ kind: 'run' })
    } else {
      const end = text === '[' ? classEnd(characters, i) : -1
      if (end === -1) tokens.push({ kind: 'character', text })
      else {
        tokens.push(parseClass(characters.slice(i + 1, end)))
        i = end
      }
    }
  }
  return tokens
}

/** Where the `]` of the class is whose `[` is at `start`, or -1. One directly behind the `[` or `[!` belongs to the class. */
function classEnd(characters: readonly string[], start: number): number {
  const first = characters[start + 1] === '!' ? start + 2 : start + 1
  return characters.indexOf(']', first + 1)
}

function parseClass(inside: readonly string[]): Token {
  const negated = inside[0] === '!'
  const members = (negated ? inside.slice(1) : inside).map(codeOf)
  const ranges: [number, number][] = []
  for (let i = 0; i < members.length; i++) {
    const low = members[i] ?? 0
    const high = members[i + 1] === DASH ? members[i + 2] : undefined
    ranges.push([low, high ?? low])
    if (high !== undefined) i += 2
  }
  const [only] = ranges
  if (!negated && ranges.length === 1 && only !== undefined && only[0] === only[1]) {
    return { kind: 'character', text: inside[0] ?? '' }
  }
  return { kind: 'class', negated, ranges }
}

const DASH = 0x2d

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0
}

function literalText(tokens: readonly Token[]): string | undefined {
  return tokens.every((token) => token.kind === 'character') ? tokens.map((token) => token.text).join('') : undefined
}

/** The forms that most wildcards have, for which strings have faster functions. */
function simpleMatch(tokens: readonly Token[]): Wildcard['matches'] | undefined {
  const runs = tokens.filter((token) => token.kind === 'run').length
  const starts = tokens[0]?.kind === 'run'
  const ends = tokens.at(-1)?.kind === 'run'
  const middle = literalText(tokens.slice(starts ? 1 : 0, ends ? -1 : tokens.length))
  if (tokens.length === 1 && runs === 1) return () => true
  // A half of a pair of surrogates must not be found in the pair.
  if (middle?.isWellFormed() !== true) return undefined
  if (starts && ends && runs === 2) return (text) => text.includes(middle)
  if (starts && runs === 1) return (text) => text.endsWith(middle)
  if (ends && runs === 1) return (text) => text.startsWith(middle)
  return undefined
}

/** Most texts do not even end as they must, and that is soon seen. */
function guardedMatch(tokens: readonly Token[], end: string): Wildcard['matches'] {
  return (text) => text.endsWith(end) && matchTokens(tokens, text)
}

/** Takes what a run of characters must take as little as possible, and goes back only to the last run: that is enough, as all else has one length. */
function matchTokens(tokens: readonly Token[], text: string): boolean {
  let token = 0
  let position = 0
  let lastRun = -1
  let taken = 0
  while (position < text.length) {
    const current = tokens[token]
    const length = current === undefined || current.kind === 'run' ? 0 : takenBy(current, text, position)
    if (current?.kind === 'run') {
      lastRun = token++
      taken = position
    } else if (length > 0) {
      token++
      position += length
    } else if (lastRun >= 0) {
      taken += lengthAt(text, taken)
      token = lastRun + 1
      position = taken
    } else {
      return false
    }
  }
  while (tokens[token]?.kind === 'run') token++
  return token === tokens.length
}

/** How many code units the token takes at `position`; 0 where it does not match. */
function takenBy(token: Exclude<Token, { readonly kind: 'run' }>, text: string, position: number): number {
  if (token.kind === 'character') return text.startsWith(token.text, position) ? token.text.length : 0
  if (token.kind === 'class') {
    const code = text.codePointAt(position) ?? 0
    if (token.ranges.some(([low, high]) => low <= code && code <= high) === token.negated) return 0
  }
  return lengthAt(text, position)
}

function lengthAt(text: string, position: number): number {
  return (text.codePointAt(position) ?? 0) > 0xffff ? 2 : 1
}
