const ZERO = 0x30
const SAFE_DIGITS = 15

/** Text as JSON has it, in bytes, for {@link JsonScanner.skip}. */
export function literal(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/**
 * What those have in common that read JSON as every known client writes it, without looking for other ways to write the same. Reading goes on
 * after something unexpected; `good` is false from then on.
 */
export class JsonScanner {
  protected bytes: Uint8Array
  /** Behind what was read last. */
  protected at = 0
  protected good = true

  /** @param bytes - the text */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Goes past this text, if it comes next. */
  protected skip(text: Uint8Array): boolean {
    const bytes = this.bytes
    const at = this.at
    for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false
    this.at = at + text.length
    return true
  }

  /** A whole number from 0 to `limit`, which a double holds. */
  protected number(limit: number): number {
    const bytes = this.bytes
    const start = this.at
    let at = start
    let value = 0
    for (;;) {
      const digit = (bytes[at] ?? 0) - ZERO
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      at++
    }
    const digits = at - start
    if (digits === 0 || digits > SAFE_DIGITS || value > limit || (digits > 1 && bytes[start] === ZERO))
      this.good = false
    this.at = at
    return value
  }
}
