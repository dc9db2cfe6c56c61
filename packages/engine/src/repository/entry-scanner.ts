import { isEntryName } from '@varve/platform/file-name'
import { daysFromCivil, daysInMonth } from './civil-date.ts'
import { ID_SIZE } from './id.ts'
import { JsonScanner, literal } from './json-scanner.ts'

/** Numbers of an entry in {@link EntryNumbers}, by their places. */
export const ENTRY = {
  /** Where the entry starts in the tree's text, and where it ends. */
  start: 0,
  end: 1,
  /** Where its name ends; it starts behind the entry's first key. */
  nameEnd: 2,
  mode: 3,
  /** Seconds since 1970, rounded down, and the nanoseconds from there. */
  mtime: 4,
  mtimeFraction: 5,
  atime: 6,
  atimeFraction: 7,
  ctime: 8,
  ctimeFraction: 9,
  uid: 10,
  gid: 11,
  /** Places in {@link EntryScanner.texts}. */
  user: 12,
  group: 13,
  inode: 14,
  device: 15,
  size: 16,
  links: 17,
  /** Where the first id of the content starts, and how many there are. */
  content: 18,
  contentCount: 19,
} as const

/** Numbers of an entry. */
export const ENTRY_NUMBERS = 20

/** Bytes from an entry's start to its name. */
export const NAME_START = 9

/** Bytes from the start of one id in a list to that of the next. */
export const CONTENT_STEP = 2 * ID_SIZE + 3

const NAME = literal('{"name":"')
const FILE = literal('","type":"file"')
const MODE = literal(',"mode":')
const MTIME = literal(',"mtime":"')
const ATIME = literal(',"atime":"')
const CTIME = literal(',"ctime":"')
const UID = literal(',"uid":')
const GID = literal(',"gid":')
const USER = literal(',"user":"')
const GROUP = literal(',"group":"')
const INODE = literal(',"inode":')
const DEVICE_ID = literal(',"device_id":')
const SIZE = literal(',"size":')
const LINKS = literal(',"links":')
const CONTENT = literal(',"content":[')

const UINT32 = 0xffff_ffff
const QUOTE = 0x22
const COMMA = 0x2c
const ZERO = 0x30
const MINUS = 0x2d
const COLON = 0x3a

/** By character: whether it stands for itself, and is not escaped, as restic does with those that mean something in HTML. */
const IS_PLAIN = new Uint8Array(256)
for (let byte = 0x20; byte < 0x7f; byte++) IS_PLAIN[byte] = '"\\<>&'.includes(String.fromCharCode(byte)) ? 0 : 1

const IS_HEX = new Uint8Array(256)
for (const character of '0123456789abcdef') IS_HEX[character.charCodeAt(0)] = 1

/**
 * Reads entries of files as every known client writes them: these fields in this order, without escapes, numbers that a double holds. What is
 * written in any other way it leaves to those who read everything; what it accepts they would accept as well.
 */
export class EntryScanner extends JsonScanner {
  /** Names of users and groups that were met, each once; the first is empty. */
  readonly texts: string[] = ['']
  /** Whether the entry that was read last says nothing in another way than restic would in the same zones. */
  isCanonical = true
  /** Of the entry that was read last: seconds east of Greenwich of the zones that its times are written in. */
  readonly offsets = { mtime: 0, atime: 0, ctime: 0 }
  readonly #text: Buffer
  #fraction = 0
  #offset = 0
  #lastDate = -1
  #lastDay = 0

  constructor(text: Buffer) {
    super(text)
    this.#text = text
  }

  /**
   * Reads the entry that starts at `start`.
   * @param numbers - takes what was read, from `base` on
   * @returns where the entry ends, -1 where it is not such an entry
   */
  scan(start: number, numbers: Float64Array, base: number): number {
    this.at = start
    this.good = true
    this.isCanonical = true
    if (!this.skip(NAME)) return -1
    const nameEnd = this.#plainText()
    if (nameEnd === -1 || !this.#isName(start + NAME_START, nameEnd) || !this.skip(FILE)) return -1
    numbers[base + ENTRY.start] = start
    numbers[base + ENTRY.nameEnd] = nameEnd
    numbers[base + ENTRY.mode] = this.#optionalNumber(MODE, UINT32)
    numbers[base + ENTRY.mtime] = this.#time(MTIME)
    numbers[base + ENTRY.mtimeFraction] = this.#fraction
    this.offsets.mtime = this.#offset
    numbers[base + ENTRY.atime] = this.#time(ATIME)
    numbers[base + ENTRY.atimeFraction] = this.#fraction
    this.offsets.atime = this.#offset
    numbers[base + ENTRY.ctime] = this.#time(CTIME)
    numbers[base + ENTRY.ctimeFraction] = this.#fraction
    this.offsets.ctime = this.#offset
    numbers[base + ENTRY.uid] = this.#owner(UID)
    numbers[base + ENTRY.gid] = this.#owner(GID)
    numbers[base + ENTRY.user] = this.#optionalText(USER)
    numbers[base + ENTRY.group] = this.#optionalText(GROUP)
    numbers[base + ENTRY.inode] = this.#optionalNumber(INODE)
    numbers[base + ENTRY.device] = this.#optionalNumber(DEVICE_ID)
    numbers[base + ENTRY.size] = this.#optionalNumber(SIZE)
    numbers[base + ENTRY.links] = this.#optionalNumber(LINKS)
    if (!this.good || !this.skip(CONTENT)) return -1
    numbers[base + ENTRY.content] = this.at + 1
    numbers[base + ENTRY.contentCount] = this.#idCount()
    // The end of the list and that of the entry.
    if (!this.good || this.bytes[this.at] !== 0x5d || this.bytes[this.at + 1] !== 0x7d) return -1
    numbers[base + ENTRY.end] = this.at + 2
    return this.at + 2
  }

  /** Where a text ends that is its own value, and would be written so; -1 where it is not. */
  #plainText(): number {
    const bytes = this.bytes
    let at = this.at
    for (;;) {
      const byte = bytes[at] ?? 0
      if (byte === QUOTE) break
      if (IS_PLAIN[byte] === 0) return -1
      at++
    }
    this.at = at
    return at
  }

  #isName(start: number, end: number): boolean {
    const bytes = this.bytes
    for (let at = start; at < end; at++) if (bytes[at] === 0x2f) return false
    return end - start > 2 || isEntryName(this.#text.toString('latin1', start, end))
  }

  /** A number that is left out where it is 0. */
  #optionalNumber(key: Uint8Array, limit = Number.MAX_SAFE_INTEGER): number {
    if (!this.skip(key)) return 0
    const value = this.number(limit)
    if (value === 0) this.isCanonical = false
    return value
  }

  #owner(key: Uint8Array): number {
    if (this.skip(key)) return this.number(UINT32)
    this.isCanonical = false
    return 0
  }

  #optionalText(key: Uint8Array): number {
    if (!this.skip(key)) return 0
    const start = this.at
    const end = this.#plainText()
    if (end === -1) {
      this.good = false
      return 0
    }
    if (end === start) this.isCanonical = false
    this.at = end + 1
    for (let number = 0; number < this.texts.length; number++) {
      if (isTextAt(this.bytes, start, end, this.texts[number] ?? '')) return number
    }
    return this.texts.push(this.#text.toString('latin1', start, end)) - 1
  }

  /** Seconds of a time; its nanoseconds are in `#fraction` then. */
  #time(key: Uint8Array): number {
    if (!this.skip(key)) this.good = false
    const bytes = this.bytes
    const at = this.at
    const hour = this.#twoDigits(at + 11)
    const minute = this.#twoDigits(at + 14)
    const second = this.#twoDigits(at + 17)
    if (
      bytes[at + 4] !== MINUS ||
      bytes[at + 7] !== MINUS ||
      bytes[at + 10] !== 0x54 ||
      bytes[at + 13] !== COLON ||
      bytes[at + 16] !== COLON ||
      hour > 23 ||
      minute > 59 ||
      second > 59
    )
      this.good = false
    const day = this.#day(at)
    this.at = at + 19
    this.#fraction = bytes[at + 19] === 0x2e ? this.#decimals() : 0
    this.#offset = this.#zone()
    return day * 86_400 + hour * 3600 + minute * 60 + second - this.#offset
  }

  #day(at: number): number {
    const year = this.#twoDigits(at) * 100 + this.#twoDigits(at + 2)
    const month = this.#twoDigits(at + 5)
    const day = this.#twoDigits(at + 8)
    const date = year * 10_000 + month * 100 + day
    if (date === this.#lastDate) return this.#lastDay
    if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) this.good = false
    if (!this.good) return 0
    this.#lastDate = date
    this.#lastDay = daysFromCivil({ year, month, day })
    return this.#lastDay
  }

  #decimals(): number {
    const bytes = this.bytes
    let at = this.at + 1
    let value = 0
    let digits = 0
    for (;;) {
      const digit = (bytes[at] ?? 0) - ZERO
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      digits++
      at++
    }
    if (digits === 0 || digits > 9) this.good = false
    if (value % 10 === 0) this.isCanonical = false
    for (; digits < 9; digits++) value *= 10
    this.at = at
    return value
  }

  /** Seconds east of Greenwich of the zone that ends a time. */
  #zone(): number {
    const bytes = this.bytes
    const at = this.at
    if (bytes[at] === 0x5a && bytes[at + 1] === QUOTE) {
      this.at = at + 2
      return 0
    }
    const hours = this.#twoDigits(at + 1)
    const minutes = this.#twoDigits(at + 4)
    const sign = bytes[at] === 0x2b ? 1 : -1
    if ((sign < 0 && bytes[at] !== MINUS) || hours > 23 || minutes > 59) this.good = false
    if (bytes[at + 3] !== COLON || bytes[at + 6] !== QUOTE) this.good = false
    if (hours === 0 && minutes === 0) this.isCanonical = false
    this.at = at + 7
    return sign * (hours * 3600 + minutes * 60)
  }

  #twoDigits(at: number): number {
    const bytes = this.bytes
    const tens = (bytes[at] ?? 0) - ZERO
    const ones = (bytes[at + 1] ?? 0) - ZERO
    if (tens < 0 || tens > 9 || ones < 0 || ones > 9) this.good = false
    return tens * 10 + ones
  }

  /** Goes past a list of ids, up to its end. */
  #idCount(): number {
    const bytes = this.bytes
    if (bytes[this.at] === 0x5d) return 0
    for (let count = 1; ; count++) {
      const start = this.at + 1
      const end = start + 2 * ID_SIZE
      let good = bytes[start - 1] === QUOTE && bytes[end] === QUOTE ? 1 : 0
      for (let at = start; at < end; at++) good &= IS_HEX[bytes[at] ?? 0] ?? 0
      if (good === 0) this.good = false
      this.at = end + 1
      if (good === 0 || bytes[end + 1] !== COMMA) return count
      this.at = end + 2
    }
  }
}

/** Whether the bytes from `start` to `end`, which are ASCII, are this text. */
export function isTextAt(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (text.length !== end - start) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
