import { VarveError } from '@varve/platform/errors'
import { nameFromBytes, nameToBytes } from '@varve/platform/file-name'
import { isPrintable } from './go-printable.ts'

/** Printable ASCII without `"` and `\`: what quoting leaves as it is, for nearly all names. */
const PLAIN = /^[ !#-[\]-~]*$/

const NAMED_ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x0c, '\\f'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
  [0x0b, '\\v'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
])

/**
 * A name as Go's `strconv.Quote` writes it, without the quotation marks around it (https://pkg.go.dev/strconv#Quote).
 * @param name - bytes that are not valid UTF-8 as lone surrogates, see `platform/file-name.ts`
 * @throws ERR_VARVE_BAD_ARGUMENT where a lone surrogate stands for no byte
 */
export function quoteName(name: string): string {
  if (PLAIN.test(name)) return name
  let quoted = ''
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0
    quoted += NAMED_ESCAPES.get(code) ?? (isPrintable(code) ? character : escapeOf(code))
  }
  return quoted
}

function escapeOf(code: number): string {
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(code - 0xdc00, 2)}`
  if (code >= 0xd800 && code <= 0xdfff) {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `a name with ${hex(code, 4)}, half of a character, cannot be stored`)
  }
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
}

/** One escape sequence, or characters that stand for themselves; matches nowhere else. */
const PIECE = new RegExp(
  String.raw`\\(?:` +
    String.raw`(?<simple>[abfnrtv"\\])|x(?<hex>[0-9a-fA-F]{2})|(?<octal>[0-3][0-7]{2})|` +
    String.raw`u(?<short>[0-9a-fA-F]{4})|U(?<long>[0-9a-fA-F]{8}))|[^\\"\n]+`,
  'y',
)

/**
 * The name that `quoted` stands for: what Go's `strconv.Unquote` makes of it between quotation marks.
 * @param quoted - well-formed Unicode
 * @returns undefined where it is not a valid quoted string
 */
export function unquoteName(quoted: string): string | undefined {
  if (PLAIN.test(quoted)) return quoted
  let name = ''
  let hasBytes = false
  PIECE.lastIndex = 0
  while (PIECE.lastIndex < quoted.length) {
    const piece = PIECE.exec(quoted)
    if (piece === null) return undefined
    const { simple, hex: byte, octal, short, long } = piece.groups ?? {}
    if (simple !== undefined) {
      name += SIMPLE_ESCAPES[simple] ?? ''
    } else if (byte !== undefined || octal !== undefined) {
      const value = byte === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(byte, 16)
      hasBytes ||= value >= 0x80
      name += String.fromCharCode(value < 0x80 ? value : 0xdc00 + value)
    } else if (short !== undefined || long !== undefined) {
      const code = Number.parseInt(short ?? long ?? '', 16)
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined
      name += String.fromCodePoint(code)
    } else {
      name += piece[0]
    }
  }
  // Escaped bytes may be valid UTF-8 together: going through the bytes gives the one string that stands for them.
  return hasBytes ? nameFromBytes(nameToBytes(name)) : name
}
