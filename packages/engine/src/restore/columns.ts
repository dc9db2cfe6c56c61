/** Memory for a column, by the column's name and the bytes of each of its elements. */
export type ColumnMemory = (name: string, bytesEach: number) => SharedArrayBuffer

/** Columns have at most so many elements, unless it is said otherwise. Address space is set aside for all of them, memory for those that there are. */
const MOST_ELEMENTS = 2 ** 28

/**
 * Memory of columns that threads share, and that grows where it is: whoever has columns in it keeps what they have, and sees what becomes of it.
 * Columns are to be made with the length that they have: those that follow the memory's length are many times slower.
 */
export class GrowingMemory {
  readonly #most: number
  readonly #buffers = new Map<string, SharedArrayBuffer>()

  /** @param most - elements that there may be */
  constructor(most = MOST_ELEMENTS) {
    this.#most = most
  }

  /**
   * Memory for so many elements, with those in it that there were.
   * @throws Error where there may not be as many
   */
  grow(capacity: number): ColumnMemory {
    if (capacity > this.#most) throw new Error(`a plan cannot have more than ${this.#most} entries or pieces`)
    return (name, bytesEach) => {
      const buffer = this.#buffers.get(name) ?? new SharedArrayBuffer(0, { maxByteLength: this.#most * bytesEach })
      this.#buffers.set(name, buffer)
      buffer.grow(capacity * bytesEach)
      return buffer
    }
  }

  /** The capacity to grow to from another one, for at least so many elements. */
  capacityAfter(capacity: number, needed: number): number {
    return Math.max(needed, Math.min(this.#most, capacity * 2))
  }
}
