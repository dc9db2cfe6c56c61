const HASH_LENGTH = 32
const ROW = HASH_LENGTH + 8

/** Where contents occur: hashes with numbers, 40 bytes each, so that millions of them fit into memory. */
export class ContentTable {
  #rows = Buffer.alloc(1024 * ROW)
  #count = 0

  /**
   * @param hash - 64 hexadecimal digits
   * @param number - a whole number
   */
  add(hash: string, number: number): void {
    if ((this.#count + 1) * ROW > this.#rows.length) {
      const larger = Buffer.alloc(2 * this.#rows.length)
      this.#rows.copy(larger)
      this.#rows = larger
    }
    this.#rows.write(hash, this.#count * ROW, 'hex')
    this.#rows.writeDoubleLE(number, this.#count * ROW + HASH_LENGTH)
    this.#count++
  }

  /** Pairs numbers of this table with numbers of another one that have the same hash, each number at most once, the lowest with the lowest. */
  *pairs(other: ContentTable): Generator<readonly [number, number]> {
    const left = this.#order()
    const right = other.#order()
    for (let i = 0, j = 0; i < left.length && j < right.length;) {
      const a = left[i] ?? 0
      const b = right[j] ?? 0
      const order = this.#rows.compare(other.#rows, b * ROW, b * ROW + HASH_LENGTH, a * ROW, a * ROW + HASH_LENGTH)
      if (order === 0) yield [this.#number(a), other.#number(b)]
      if (order <= 0) i++
      if (order >= 0) j++
    }
  }

  /** Rows in the order of their hashes, those of one hash in the order of their numbers. */
  #order(): Uint32Array {
    const rows = this.#rows
    return Uint32Array.from({ length: this.#count }, (_, row) => row).toSorted(
      (a, b) =>
        rows.compare(rows, b * ROW, b * ROW + HASH_LENGTH, a * ROW, a * ROW + HASH_LENGTH) ||
        this.#number(a) - this.#number(b),
    )
  }

  #number(row: number): number {
    return this.#rows.readDoubleLE(row * ROW + HASH_LENGTH)
  }
}
