/** A set of small integers, one bit each: the blobs of an index by their entry numbers. */
export class EntrySet {
  readonly #bits: Uint8Array
  #size = 0

  /** @param count - all members are below this */
  constructor(count: number) {
    this.#bits = new Uint8Array((count + 7) >>> 3)
  }

  /** Members. */
  get size(): number {
    return this.#size
  }

  has(entry: number): boolean {
    return ((this.#bits[entry >>> 3] ?? 0) & (1 << (entry & 7))) !== 0
  }

  /** Puts `entry` in. @returns whether it was not there */
  add(entry: number): boolean {
    if (this.has(entry)) return false
    this.#flip(entry)
    this.#size++
    return true
  }

  /** Takes `entry` out. @returns whether it was there */
  delete(entry: number): boolean {
    if (!this.has(entry)) return false
    this.#flip(entry)
    this.#size--
    return true
  }

  #flip(entry: number): void {
    const at = entry >>> 3
    const byte = this.#bits[at]
    if (byte === undefined) throw new Error(`entry ${entry} is out of range`)
    this.#bits[at] = byte ^ (1 << (entry & 7))
  }
}
