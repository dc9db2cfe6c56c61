import { ByteStrings } from './byte-strings.ts'

/**
 * What {@link JsonReader} throws: where the text stops being what was expected. Callers turn it into an error that
 * names the document.
 */
export class JsonError extends Error {
  override readonly name = 'JsonError'
}

/** Values nested deeper than this are refused, so that nobody's recursion can be exhausted. */
const MAX_DEPTH = 100

/** Bytes of the longest string that is read: Node cannot make strings of twice this length. */
const MAX_STRING = 2 ** 28

/** Digits up to here fit a double exactly. */
const SAFE_DIGITS = 15

/** Digits of 2^64 − 1. */
const UINT64_DIGITS = 20

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OBJECT = 0x7b
const OBJECT_END = 0x7d
const ARRAY = 0x5b
const ARRAY_END = 0x5d
const ZERO = 0x30

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** 1 for what may stand in a number, a letter of `true`, `false` and `null` included. */
const IS_SCALAR = new Uint8Array(256)
for (const character of '+-.0123456789Eaeflnrstu') IS_SCALAR[character.charCodeAt(0)] = 1

const IS_HEX = new Uint8Array(256)
for (const character of '0123456789abcdef') IS_HEX[character.charCodeAt(0)] = 1

/** Values that repeat from document to document. */
const repeated = new ByteStrings()

/**
 * Reads a JSON document (RFC 8259) value by value, so that 64-bit numbers stay exact and nothing is built that nobody
 * asked for. A lone surrogate or a byte that is not UTF-8 becomes U+FFFD, as in Go's encoding/json. No string that it
 * gives keeps the document in memory. Every method throws {@link JsonError} where the text is not what it asks for.
 */
export class JsonReader {
  readonly #bytes: Buffer
  readonly #keys: ByteStrings
  #position = 0
  #stringStart = 0

  /** @param keys - the keys that are likely */
  constructor(bytes: Uint8Array, keys: ByteStrings) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#keys = keys
  }

  /** Throws: what was found is not `expected`. */
  fail(expected: string): never {
    const where = this.#position < this.#bytes.length ? `at byte ${this.#position}` : 'at its end'
    throw new JsonError(`${expected} expected ${where}`)
  }

  /** Enters an object. @returns its first key, undefined (and past it) where it is empty */
  firstKey(): string | undefined {
    this.#expect(OBJECT, 'an object')
    return this.#skip(OBJECT_END) ? undefined : this.#key()
  }

  /** Goes on behind a value of an object. @returns the next key, undefined (and past the object) where there is none */
  nextKey(): string | undefined {
    if (this.#skip(COMMA)) return this.#key()
    this.#expect(OBJECT_END, `',' or '}'`)
    return undefined
  }

  /** Enters an array. @returns whether it has an element; otherwise it is past it */
  firstElement(): boolean {
    this.#expect(ARRAY, 'an array')
    return !this.#skip(ARRAY_END)
  }

  /** Goes on behind an element of an array. @returns whether there is another; otherwise it is past the array */
  nextElement(): boolean {
    if (this.#skip(COMMA)) return true
    this.#expect(ARRAY_END, `',' or ']'`)
    return false
  }

  /** Goes past a `null`, if there is one. */
  skipNull(): boolean {
    const position = this.#skipSpace()
    const bytes = this.#bytes
    if (
      bytes[position] !== 0x6e ||
      bytes[position + 1] !== 0x75 ||
      bytes[position + 2] !== 0x6c ||
      bytes[position + 3] !== 0x6c
    )
      return false
    this.#position = position + 4
    return true
  }

  /** A string's value. */
  string(): string {
    const plain = this.#scanString()
    return plain ? this.#bytes.toString('latin1', this.#stringStart, this.#position - 1) : this.#unescape()
  }

  /** A string's value, where the same is likely to come again. */
  repeatedString(): string {
    const plain = this.#scanString()
    return plain ? repeated.get(this.#bytes, this.#stringStart, this.#position - 1) : this.#unescape()
  }

  /** The value of a string of exactly `length` lower-case hexadecimal digits. */
  hex(length: number): string {
    const start = this.#skipSpace() + 1
    const end = start + length
    const bytes = this.#bytes
    let good = bytes[start - 1] === QUOTE && bytes[end] === QUOTE ? 1 : 0
    for (let i = start; i < end; i++) good &= IS_HEX[bytes[i] ?? 0] ?? 0
    if (good === 0) this.fail(`${length} hexadecimal digits`)
    this.#position = end + 1
    return bytes.toString('latin1', start, end)
  }

  /** An integer from 0 to `limit` (below 10^15), written without fraction and exponent. */
  integer(limit: number): number {
    const start = this.#skipSpace()
    const value = this.#digits()
    if (this.#position - start > SAFE_DIGITS || value > limit) this.fail(`a number up to ${limit}`)
    return value
  }

  /** An integer from 0 to 2^64 − 1, written without fraction and exponent. */
  uint64(): bigint {
    const start = this.#skipSpace()
    const value = this.#digits()
    if (this.#position - start <= SAFE_DIGITS) return BigInt(value)
    if (this.#position - start > UINT64_DIGITS) this.fail('a 64-bit number')
    const exact = BigInt(this.#bytes.toString('latin1', start, this.#position))
    return exact === BigInt.asUintN(64, exact) ? exact : this.fail('a 64-bit number')
  }

  /** The text of a value of any kind, as it stands in the document. */
  raw(): string {
    const start = this.#skipSpace()
    this.skipValue()
    if (this.#position - start > MAX_STRING) this.fail('a shorter value')
    return this.#bytes.toString('utf8', start, this.#position)
  }

  /** Goes past a value of any kind. */
  skipValue(depth = 0): void {
    if (depth > MAX_DEPTH) this.fail('a value less deeply nested')
    switch (this.#bytes[this.#skipSpace()] ?? 0) {
      case QUOTE:
        this.string()
        return
      case OBJECT:
        for (let key = this.firstKey(); key !== undefined; key = this.nextKey()) this.skipValue(depth + 1)
        return
      case ARRAY:
        for (let more = this.firstElement(); more; more = this.nextElement()) this.skipValue(depth + 1)
        return
      default:
        this.#skipScalar()
    }
  }

  /** Where the next value starts in the document. */
  valueStart(): number {
    return this.#skipSpace()
  }

  /** Goes on at a place of the document: behind a value that somebody else has read. */
  continueAt(position: number): void {
    this.#position = position
  }

  /** Makes sure that nothing but white space is left. */
  end(): void {
    if (this.#skipSpace() < this.#bytes.length) this.fail('the end of the document')
  }

  #key(): string {
    const plain = this.#scanString()
    const start = this.#stringStart
    const end = this.#position - 1
    const key = plain
      ? (this.#keys.find(this.#bytes, start, end) ?? this.#bytes.toString('latin1', start, end))
      : this.#unescape()
    this.#expect(COLON, `':'`)
    return key
  }

  /**
   * Goes past a string that starts at `#stringStart`.
   * @returns whether its bytes are its value: ASCII without escapes
   */
  #scanString(): boolean {
    const bytes = this.#bytes
    let position = this.#skipSpace()
    if (bytes[position] !== QUOTE) this.fail('a string')
    this.#stringStart = ++position
    let plain = true
    for (;;) {
      const byte = bytes[position++] ?? 0
      if (byte === QUOTE) break
      if (byte >= 0x20 && byte < 0x80 && byte !== BACKSLASH) continue
      if (byte < 0x20) {
        this.#position = position - 1
        this.fail('the end of a string')
      }
      plain = false
      if (byte === BACKSLASH && bytes[position] !== undefined) position++
    }
    this.#position = position
    if (position - this.#stringStart > MAX_STRING) this.fail('a shorter string')
    return plain
  }

  /** The value of the string that {@link JsonReader.#scanString} went past. */
  #unescape(): string {
    const source = this.#bytes.toString('utf8', this.#stringStart, this.#position - 1)
    if (!source.includes('\\')) return source
    try {
      const text: unknown = JSON.parse(`"${source}"`)
      if (typeof text === 'string') return text.toWellFormed()
    } catch {
      this.#position = this.#stringStart
    }
    return this.fail('a string with valid escapes')
  }

  /** Goes past digits. @returns their value, exact up to {@link SAFE_DIGITS} of them */
  #digits(): number {
    const bytes = this.#bytes
    const start = this.#position
    let position = start
    let value = 0
    for (;;) {
      const digit = (bytes[position] ?? 0) - ZERO
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      position++
    }
    if (position === start || (bytes[start] === ZERO && position > start + 1))
      this.fail('a number that is not negative')
    this.#position = position
    return value
  }

  #skipScalar(): void {
    const start = this.#position
    let end = start
    while (IS_SCALAR[this.#bytes[end] ?? 0] && end - start < MAX_STRING) end++
    const text = this.#bytes.toString('latin1', start, end)
    if (text !== 'true' && text !== 'false' && text !== 'null' && !NUMBER.test(text)) this.fail('a value')
    this.#position = end
  }

  #expect(byte: number, what: string): void {
    if (!this.#skip(byte)) this.fail(what)
  }

  #skip(byte: number): boolean {
    const position = this.#skipSpace()
    if (this.#bytes[position] !== byte) return false
    this.#position = position + 1
    return true
  }

  /** Goes past white space. @returns where that ends */
  #skipSpace(): number {
    const bytes = this.#bytes
    let position = this.#position
    for (;;) {
      const byte = bytes[position] ?? 0
      if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break
      position++
    }
    this.#position = position
    return position
  }
}
