import { nameFromBytes } from '@varve/platform/file-name'

/**
 * The lines of a text file, each without its end: UTF-8, or UTF-16 where a byte order mark says so. Bytes that are no valid UTF-8 are kept
 * as in file names.
 */
export function textLines(bytes: Uint8Array): readonly string[] {
  const lines = decode(bytes).split('\n')
  // What follows the last line's end is no line.
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
}

/** A line without white space around it, as Go's `unicode.IsSpace` has it. */
export function trimLine(line: string): string {
  return line.replace(LEADING_SPACE, '').replace(TRAILING_SPACE, '')
}

const SPACE = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const LEADING_SPACE = new RegExp(`^[${SPACE}]+`)
const TRAILING_SPACE = new RegExp(`(?<![${SPACE}])[${SPACE}]+$`)

function decode(bytes: Uint8Array): string {
  const [first, second, third] = bytes
  if (first === 0xef && second === 0xbb && third === 0xbf) return nameFromBytes(bytes.subarray(3))
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  return nameFromBytes(bytes)
}
