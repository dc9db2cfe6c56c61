/** What saving threads and the main thread count together, in shared memory. */
export class SaveCounters {
  /** What another thread needs to attach to the same counters. */
  readonly shared: SharedArrayBuffer
  /** Bytes read; flushes asked for. */
  readonly #words: BigInt64Array<SharedArrayBuffer>

  /** @param shared - the `shared` of another thread's counters; new ones if left out */
  constructor(shared = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.shared = shared
    this.#words = new BigInt64Array(shared)
  }

  /** Bytes of content that have been read. */
  get bytesRead(): number {
    return Number(Atomics.load(this.#words, 0))
  }

  /** Counts bytes as read. */
  addBytesRead(bytes: number): void {
    Atomics.add(this.#words, 0, BigInt(bytes))
  }

  /** How often saving threads have been asked to hand over the packs that they are filling. */
  get flushesAsked(): number {
    return Number(Atomics.load(this.#words, 1))
  }

  /** Asks saving threads to hand over the packs that they are filling, in the middle of a file too. Returns the number of the request. */
  askForFlush(): number {
    return Number(Atomics.add(this.#words, 1, 1n)) + 1
  }
}
