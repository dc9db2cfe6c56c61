/** Bytes of the longest number that {@link encodeVarint} makes. */
export const LONGEST_VARINT = 8

/**
 * A whole number from 0 to 2⁵³ − 1 in groups of seven bits, lowest first; the highest bit of a byte says that another one follows (LEB128).
 */
export function encodeVarint(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${value} cannot be written as a varint`)
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** Reads numbers that {@link encodeVarint} has written, byte by byte. */
export class VarintReader {
  #value = 0
  #factor = 1
  #length = 0

  /**
   * Takes the next byte.
   *
   * @returns the number once its last byte is there, then starts with another one; undefined before; `'invalid'` for what no writer makes: more than
   *   2⁵³ − 1, or a last group of zero bits
   */
  take(byte: number): number | 'invalid' | undefined {
    this.#value += (byte & 127) * this.#factor
    this.#factor *= 128
    this.#length++
    const last = byte < 128
    if (this.#length > LONGEST_VARINT || this.#value > Number.MAX_SAFE_INTEGER) return 'invalid'
    if (!last) return undefined
    if (byte === 0 && this.#length > 1) return 'invalid'
    const value = this.#value
    this.#value = 0
    this.#factor = 1
    this.#length = 0
    return value
  }
}
