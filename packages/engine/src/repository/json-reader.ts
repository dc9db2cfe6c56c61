/** What {@link JsonReader} throws: where the text stops being what was expected. Callers turn it into an error that names the document. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
}

/** Values nested deeper than this are refused, so that nobody's recursion can be exhausted. */
const MAX_DEPTH = 100

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OBJECT = 0x7b
const OBJECT_END = 0x7d
const ARRAY = 0x5b
const ARRAY_END = 0x5d

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const LITERAL = /true|false|null/y

/**
 * Reads a JSON document (RFC 8259) value by value, so that 64-bit numbers stay exact and nothing is built that nobody asked for. A lone surrogate
 * or a byte that is not UTF-8 becomes U+FFFD, as in Go's encoding/json. Every method throws {@link JsonError} where the text is not what
 * it asks for.
 */
export class JsonReader {
  readonly #bytes: Buffer
  /** The bytes as characters U+0000 to U+00FF: reading these is the fastest there is. */
  readonly #text: string
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#text = this.#bytes.toString('latin1')
  }

  /** Throws: what was found is not `expected`. */
  fail(expected: string): never {
    const found = this.#position < this.#text.length ? `at byte ${this.#position}` : 'at its end'
    throw new JsonError(`${expected} expected ${found}`)
  }

  /** Enters an object. @returns its first key, undefined (and past it) where it is empty */
  firstKey(): string | undefined {
    this.#expect(OBJECT, 'an object')
    if (this.#skip(OBJECT_END)) return undefined
    return this.#key()
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
    this.#skipSpace()
    if (!this.#text.startsWith('null', this.#position)) return false
    this.#position += 4
    return true
  }

  /** A string's value. */
  string(): string {
    this.#skipSpace()
    if (this.#text.charCodeAt(this.#position) !== QUOTE) this.fail('a string')
    const start = this.#position + 1
    const text = this.#text
    let position = start
    let plain = true
    let ascii = true
    for (;;) {
      const code = text.charCodeAt(position)
      if (code === QUOTE) break
      if (code === BACKSLASH) {
        plain = false
        position++
      } else if (!(code >= 0x20)) {
        this.#position = position
        this.fail('the end of a string')
      } else if (code >= 0x80) {
        ascii = false
      }
      position++
    }
    this.#position = position + 1
    if (plain && ascii) return text.slice(start, position)
    const value = this.#bytes.toString('utf8', start, position)
    return plain ? value : this.#unescape(value, start)
  }

  /** An integer from 0 to `limit`, written without fraction and exponent. */
  integer(limit: number): number {
    const value = Number(this.#digits())
    if (value > limit) this.fail(`a number up to ${limit}`)
    return value
  }

  /** An integer from 0 to 2^64 − 1, written without fraction and exponent. */
  uint64(): bigint {
    const digits = this.#digits()
    if (digits.length > 20) this.fail('a 64-bit number')
    const value = BigInt(digits)
    if (value !== BigInt.asUintN(64, value)) this.fail('a 64-bit number')
    return value
  }

  /** The text of a value of any kind, as it stands in the document. */
  raw(): string {
    this.#skipSpace()
    const start = this.#position
    this.skipValue()
    return this.#bytes.toString('utf8', start, this.#position)
  }

  /** Goes past a value of any kind. */
  skipValue(depth = 0): void {
    if (depth > MAX_DEPTH) this.fail('a value less deeply nested')
    this.#skipSpace()
    switch (this.#text.charCodeAt(this.#position)) {
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
        if (!this.#match(NUMBER) && !this.#match(LITERAL)) this.fail('a value')
    }
  }

  /** Makes sure that nothing but white space is left. */
  end(): void {
    this.#skipSpace()
    if (this.#position < this.#text.length) this.fail('the end of the document')
  }

  #key(): string {
    const key = this.string()
    this.#expect(COLON, `':'`)
    return key
  }

  #digits(): string {
    this.#skipSpace()
    const start = this.#position
    let position = start
    for (;;) {
      const code = this.#text.charCodeAt(position)
      if (!(code >= 0x30 && code <= 0x39)) break
      position++
    }
    if (position === start || (position > start + 1 && this.#text.charCodeAt(start) === 0x30))
      this.fail('a number that is not negative')
    this.#position = position
    return this.#text.slice(start, position)
  }

  #unescape(value: string, start: number): string {
    try {
      const text: unknown = JSON.parse(`"${value}"`)
      if (typeof text === 'string') return text.toWellFormed()
    } catch {
      this.#position = start
    }
    return this.fail('a string with valid escapes')
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#position
    if (!pattern.test(this.#text)) return false
    this.#position = pattern.lastIndex
    return true
  }

  #expect(code: number, what: string): void {
    if (!this.#skip(code)) this.fail(what)
  }

  #skip(code: number): boolean {
    this.#skipSpace()
    if (this.#text.charCodeAt(this.#position) !== code) return false
    this.#position++
    return true
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#position)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#position++
    }
  }
}
