import { isUtf8 } from 'node:buffer'
import { VarveError } from './errors.ts'

/**
 * Names of files are bytes; the engine carries them as strings. A byte that is not part of valid UTF-8 becomes the lone
 * surrogate U+DC00 + byte (U+DC80 to U+DCFF), as Python's "surrogateescape" (PEP 383) does. UTF-8 never encodes
 * surrogates, so no other bytes can give such a string: bytes → string → bytes is the identity for every sequence of
 * bytes.
 */

const ESCAPE = 0xdc00
const FIRST_ESCAPED = 0xdc80
const LAST_ESCAPED = 0xdcff

/** Below this, the order of UTF-16 code units is the order of the UTF-8 bytes that they stand for. */
const FIRST_SURROGATE = 0xd800

/** The string that carries the name or path with these bytes. */
export function nameFromBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(buffer) ? buffer.toString('utf8') : escapeInvalid(buffer)
}

/**
 * The bytes of a name or path.
 * @throws ERR_VARVE_BAD_ARGUMENT where `name` has a lone surrogate that stands for no byte: no bytes give such a name
 */
export function nameToBytes(name: string): Buffer {
  if (name.isWellFormed()) return Buffer.from(name, 'utf8')
  const bytes = Buffer.allocUnsafe(name.length * 3)
  let length = 0
  let start = 0
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i)
    if (unit < FIRST_SURROGATE || unit > 0xdfff) continue
    if (isPairAt(name, i)) {
      i++
      continue
    }
    if (unit < FIRST_ESCAPED || unit > LAST_ESCAPED) {
      throw new VarveError(
        'ERR_VARVE_BAD_ARGUMENT',
        `${JSON.stringify(name)} is not a file name: it is not valid Unicode`,
      )
    }
    length += bytes.write(name.slice(start, i), length, 'utf8')
    bytes[length++] = unit - ESCAPE
    start = i + 1
  }
  length += bytes.write(name.slice(start), length, 'utf8')
  return bytes.subarray(0, length)
}

/**
 * What Node's `fs` takes for a path: the string itself where it stands for valid UTF-8, otherwise its bytes.
 * @throws as {@link nameToBytes}
 */
export function toFsPath(path: string): string | Buffer {
  return path.isWellFormed() ? path : nameToBytes(path)
}

/**
 * Orders names, or paths, by the bytes that they stand for: negative, 0 or positive. This is the order of a tree's
 * entries.
 * @throws as {@link nameToBytes}
 */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    if (x < FIRST_SURROGATE && y < FIRST_SURROGATE) return x - y
    return Buffer.compare(nameToBytes(a), nameToBytes(b))
  }
  return a.length - b.length
}

/** Whether a name can be that of a folder's entry: not empty, `.` or `..`, and without `/` and NUL. */
export function isEntryName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0')
}

function isPairAt(text: string, index: number): boolean {
  const high = text.charCodeAt(index)
  const low = text.charCodeAt(index + 1)
  return high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff
}

function escapeInvalid(bytes: Buffer): string {
  let text = ''
  let start = 0
  for (let i = 0; i < bytes.length;) {
    const length = sequenceLength(bytes, i)
    if (length > 0) {
      i += length
      continue
    }
    text += bytes.toString('utf8', start, i) + String.fromCharCode(ESCAPE + (bytes[i] ?? 0))
    i++
    start = i
  }
  return text + bytes.toString('utf8', start)
}

/** Bytes of the UTF-8 sequence that starts at `index`, 0 where none does (RFC 3629, section 4). */
function sequenceLength(bytes: Buffer, index: number): number {
  const lead = bytes[index] ?? 0
  if (lead < 0x80) return 1
  if (lead < 0xc2 || lead > 0xf4) return 0
  const second = bytes[index + 1] ?? 0
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < lowest || second > highest) return 0
  if (lead < 0xe0) return 2
  if (!isContinuation(bytes[index + 2])) return 0
  if (lead < 0xf0) return 3
  return isContinuation(bytes[index + 3]) ? 4 : 0
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte <= 0xbf
}
