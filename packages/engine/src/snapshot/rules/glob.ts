import type { ByteString } from './byte-string.ts'

/** One component of a pattern. */
export interface Glob {
  /** The only name that matches, where there is just one. */
  readonly literal: ByteString | undefined
  /** Whether a name, without separators, matches. */
  readonly matches: (name: ByteString) => boolean
}

/** What one position of a pattern takes: a certain byte, any character, or one in (or not in) a set of ranges. */
type Token =
  | { readonly kind: 'byte'; readonly byte: number }
  | { readonly kind: 'any' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }

/** What follows the start of a pattern or a star. */
type Chunk = readonly Token[]

/**
 * Compiles one component of a pattern, with the meaning of Go's `filepath.Match` (https://pkg.go.dev/path/filepath#Match): `*`, `?`,
 * `[a-z]`, `[^a-z]` and `\` before a character that stands for itself. A star takes bytes, `?` and classes take characters; a byte that is
 * not part of valid UTF-8 counts as the character U+FFFD.
 *
 * The time that a match takes grows with the length of pattern times name at most, whatever the number of stars.
 *
 * @returns undefined where the pattern is malformed
 */
export function compileGlob(pattern: ByteString): Glob | undefined {
  if (!/[\\[\]*?]/.test(pattern)) return { literal: pattern, matches: (name) => name === pattern }
  const chunks = parse(pattern)
  if (chunks === undefined) return undefined
  return { literal: undefined, matches: simpleMatch(chunks) ?? ((name) => matchChunks(chunks, name)) }
}

/** The forms that most patterns have, for which strings have faster functions. */
function simpleMatch(chunks: readonly Chunk[]): Glob['matches'] | undefined {
  const [first, second, third] = chunks.map(literalText)
  if (first === undefined || second === undefined) return undefined
  if (chunks.length === 3 && first === '' && third === '') return (name) => name.includes(second)
  if (chunks.length !== 2) return undefined
  if (first === '') return second === '' ? () => true : (name) => name.endsWith(second)
  if (second === '') return (name) => name.startsWith(first)
  const shortest = first.length + second.length
  return (name) => name.length >= shortest && name.startsWith(first) && name.endsWith(second)
}

function literalText(chunk: Chunk): string | undefined {
  let text = ''
  for (const token of chunk) {
    if (token.kind !== 'byte') return undefined
    text += String.fromCharCode(token.byte)
  }
  return text
}

/** The pattern, cut at its stars. */
function parse(pattern: string): readonly Chunk[] | undefined {
  const chunks: Token[][] = [[]]
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]
    if (character === '*') {
      // Several stars in a row are one.
      if (chunks.length === 1 || chunks.at(-1)?.length !== 0) chunks.push([])
    } else if (character === '?') {
      chunks.at(-1)?.push({ kind: 'any' })
    } else if (character === '[') {
      const parsed = parseClass(pattern, i + 1)
      if (parsed === undefined) return undefined
      chunks.at(-1)?.push(parsed.token)
      i = parsed.end
    } else {
      if (character === '\\' && ++i === pattern.length) return undefined
      chunks.at(-1)?.push({ kind: 'byte', byte: pattern.charCodeAt(i) })
    }
  }
  return chunks
}

/** A class whose `[` is just before `start`; `end` is where its `]` is. */
function parseClass(pattern: string, start: number): { readonly token: Token; readonly end: number } | undefined {
  const negated = pattern[start] === '^'
  const ranges: [number, number][] = []
  for (let i = negated ? start + 1 : start; ;) {
    if (pattern[i] === ']' && ranges.length > 0) return { token: { kind: 'class', negated, ranges }, end: i }
    const low = parseClassMember(pattern, i)
    if (low === undefined) return undefined
    i = low.end
    let high = low
    if (pattern[i] === '-') {
      const parsed = parseClassMember(pattern, i + 1)
      if (parsed === undefined) return undefined
      high = parsed
      i = high.end
    }
    ranges.push([low.character, high.character])
  }
}

function parseClassMember(
  pattern: string,
  start: number,
): { readonly character: number; readonly end: number } | undefined {
  const escaped = pattern[start] === '\\'
  const index = escaped ? start + 1 : start
  if (index >= pattern.length || (!escaped && (pattern[index] === '-' || pattern[index] === ']'))) return undefined
  const length = characterLength(pattern, index)
  const character = characterAt(pattern, index, length)
  if (character === REPLACEMENT && length === 1) return undefined
  return { character, end: index + length }
}

function matchChunks(chunks: readonly Chunk[], name: string): boolean {
  let position = 0
  for (let i = 0; i < chunks.length; i++) {
    const chunk = chunks[i] ?? []
    const isLast = i === chunks.length - 1
    if (isLast && i > 0 && chunk.length === 0) return true
    const end = findChunk(chunk, name, position, i > 0, isLast)
    if (end < 0) return false
    position = end
  }
  return position === name.length
}

/** Where the chunk ends at its first place from `position` on (only there, unless it follows a star), or -1. The last chunk must end the name. */
function findChunk(chunk: Chunk, name: string, position: number, afterStar: boolean, isLast: boolean): number {
  const lastStart = afterStar ? name.length : position
  for (let start = position; start <= lastStart; start++) {
    const end = matchTokens(chunk, name, start)
    if (end >= 0 && (!isLast || end === name.length)) return end
  }
  return -1
}

function matchTokens(chunk: Chunk, name: string, start: number): number {
  let position = start
  for (const token of chunk) {
    if (position >= name.length) return -1
    if (token.kind === 'byte') {
      if (name.charCodeAt(position) !== token.byte) return -1
      position++
    } else {
      const length = characterLength(name, position)
      if (token.kind === 'class' && isInRanges(token.ranges, characterAt(name, position, length)) === token.negated)
        return -1
      position += length
    }
  }
  return position
}

function isInRanges(ranges: readonly (readonly [number, number])[], character: number): boolean {
  return ranges.some(([low, high]) => low <= character && character <= high)
}

const REPLACEMENT = 0xfffd

/** Bytes of the UTF-8 sequence at `index` of a byte string; 1 for a byte that starts none (RFC 3629, section 4). */
function characterLength(bytes: string, index: number): number {
  const lead = bytes.charCodeAt(index)
  if (lead < 0xc2 || lead > 0xf4) return 1
  const second = bytes.charCodeAt(index + 1)
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (!(second >= lowest && second <= highest)) return 1
  if (lead < 0xe0) return 2
  if (!isContinuation(bytes, index + 2)) return 1
  if (lead < 0xf0) return 3
  return isContinuation(bytes, index + 3) ? 4 : 1
}

function isContinuation(bytes: string, index: number): boolean {
  return (bytes.charCodeAt(index) & 0xc0) === 0x80
}

function characterAt(bytes: string, index: number, length: number): number {
  const lead = bytes.charCodeAt(index)
  if (length === 1) return lead < 0x80 ? lead : REPLACEMENT
  let character = lead & (0x7f >> length)
  for (let i = 1; i < length; i++) character = (character << 6) | (bytes.charCodeAt(index + i) & 0x3f)
  return character
}
