const SLOTS = 256
const LONGEST = 64

/**
 * Strings by their bytes, so that a text that comes again and again is made only once: a lookup is cheaper than making
 * a string, and the equal ones share their memory. Bounded: a text may push out another, and long ones are not kept.
 */
export class ByteStrings {
  readonly #slots: string[] = Array.from({ length: SLOTS }, () => '')

  /** @param texts - ASCII strings to hold from the start */
  constructor(texts: readonly string[] = []) {
    for (const text of texts) this.#slots[slotOf(Buffer.from(text, 'latin1'), 0, text.length)] = text
  }

  /** The string of the bytes from `start` to `end`, if it is held. */
  find(bytes: Uint8Array, start: number, end: number): string | undefined {
    const text = this.#slots[slotOf(bytes, start, end)] ?? ''
    return isTextOf(text, bytes, start, end) ? text : undefined
  }

  /** The string of the ASCII bytes from `start` to `end`, held from now on. */
  get(bytes: Buffer, start: number, end: number): string {
    const slot = slotOf(bytes, start, end)
    const held = this.#slots[slot] ?? ''
    if (isTextOf(held, bytes, start, end)) return held
    const text = bytes.toString('latin1', start, end)
    if (text.length <= LONGEST) this.#slots[slot] = text
    return text
  }
}

function slotOf(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0
  const first = bytes[start] ?? 0
  const middle = bytes[(start + end) >>> 1] ?? 0
  const last = bytes[end - 1] ?? 0
  return (end - start + first * 3 + middle * 3 + last) % SLOTS
}

function isTextOf(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
